// Every trial in a table: sorted by any column, filtered by words, states and brushes, fifty to a page.
// Paper cannot be turned to the next page of the table, so that it has them all, up to a thousand.

const PAGE = 50;
const MOST_ON_PAPER = 1000;
const table = { sort: null, down: false, page: 0, open: new Set(), all: false };

section('trials', 'Trials', (study, root) => {
  const its = parts(root, makeTable);
  if (missing(its, study.rows.length ? '' : 'No trial has been started yet.')) return;
  const columns = shownColumns(study);
  const rows = sorted(study, shownRows(study), columns);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  table.page = Math.min(table.page, pages - 1);
  drawControls(its, study, rows.length);
  drawHead(its, columns);
  const [first, end] = onPaper ? [0, MOST_ON_PAPER] : [table.page * PAGE, (table.page + 1) * PAGE];
  drawRows(its, study, columns, rows.slice(first, end));
  drawPager(its, rows.length, pages);
});

const shownColumns = (study) => study.once(`columns ${table.all}`, () => columnsOf(study));

function makeTable(content) {
  const words = el('input', {
    type: 'search',
    id: 'filter',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'filter-help filter-wrong',
  });
  words.addEventListener('input', () => {
    setFilter(current, words.value);
    table.page = 0;
    refresh();
  });
  const states = el('div', { class: 'states', role: 'group', 'aria-label': 'States' });
  const clear = button(
    'Clear',
    () => {
      clearFilter();
      words.value = '';
      table.page = 0;
      stale('trials', 'parallel');
      words.focus();
    },
    { class: 'quiet' },
  );
  const all = el('input', {
    type: 'checkbox',
    on: {
      change: () => {
        table.all = all.checked;
        stale('trials');
      },
    },
  });
  const allLabel = el('label', { class: 'inline' }, all, ' All metrics');
  const count = el('p', { class: 'count', 'aria-live': 'polite' });
  const wrong = el('p', { id: 'filter-wrong', class: 'wrong', role: 'alert' });
  const caption = el(
    'caption',
    { class: 'unseen' },
    'Trials; the buttons in the heads sort, the first button of a row opens its life',
  );
  const head = el('tr');
  const body = el('tbody');
  const pager = el('div', { class: 'pager' });
  content.append(
    el(
      'div',
      { class: 'controls' },
      el('label', { class: 'filter' }, el('span', {}, 'Filter'), words),
      clear,
      allLabel,
    ),
    states,
    el(
      'p',
      { id: 'filter-help', class: 'help' },
      'Words that must all hold: a text, or a column and a value, such as ',
      el('code', {}, 'value<0.1'),
      ' or ',
      el('code', {}, 'state=failed'),
      '.',
    ),
    wrong,
    count,
    scrollable('Table of trials', el('table', { class: 'trials' }, caption, el('thead', {}, head), body)),
    pager,
  );
  return { words, states, allLabel, count, wrong, head, body, pager, shown: [] };
}

const refresh = () => stale('trials');

function drawControls(its, study, count) {
  if (document.activeElement !== its.words && its.words.value !== filter.text) its.words.value = filter.text;
  its.wrong.textContent = filter.wrong || '';
  its.allLabel.hidden = study.metrics.length < 2;
  const counts = study.once('counts', () =>
    statesOf(study.rows).map((state) => [state, study.rows.filter((row) => row.state === state).length]),
  );
  drawStates(its.states, counts);
  const brushed = filter.brushes.size ? `, ${filter.brushes.size} of the axes below brushed` : '';
  const all = isFiltered()
    ? `${grouped(count)} of ${plural(study.rows.length, 'trial')}${brushed}`
    : plural(count, 'trial');
  const text =
    onPaper && count > MOST_ON_PAPER ? `${all}; the first ${grouped(MOST_ON_PAPER)} are printed` : all;
  if (its.count.textContent !== text) its.count.textContent = text;
}

function drawStates(box, counts) {
  const key = JSON.stringify([counts, [...filter.states]]);
  if (box.key === key) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.state : null;
  box.key = key;
  refill(
    box,
    counts.map(([state]) =>
      button('', () => toggleState(state), {
        class: 'chip',
        'aria-pressed': filter.states.has(state),
        'data-state': state,
      }),
    ),
  );
  counts.forEach(([state, count], index) =>
    put(box.children[index], [swatch(state), `${grouped(count)} ${state}`]),
  );
  const again = focused && box.querySelector(`[data-state="${focused}"]`);
  if (again) again.focus();
}

function toggleState(state) {
  if (filter.states.has(state)) filter.states.delete(state);
  else filter.states.add(state);
  table.page = 0;
  refresh();
}

// A point of a chart was chosen: its row is opened and brought into sight, whatever the filter hid.
function showTrial(id) {
  const columns = shownColumns(current);
  if (!shownRows(current).some((row) => row.id === id)) clearFilter();
  const rows = sorted(current, shownRows(current), columns);
  table.page = Math.max(0, Math.floor(rows.findIndex((row) => row.id === id) / PAGE));
  table.open.add(id);
  stale('trials', 'parallel');
  drawSection(sections.find((each) => each.id === 'trials'));
  const found = byId('trials').querySelector(`button[data-trial="${Number(id)}"]`);
  if (!found) return;
  found.scrollIntoView({ block: 'center' });
  found.focus({ preventScroll: true });
}
