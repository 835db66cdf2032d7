// Every trial in a table: sorted by any column, filtered by words, states and brushes, fifty to a page.

const PAGE = 50;
const table = { sort: null, down: false, page: 0, open: new Set(), all: false };

section('trials', (study, root) => {
  const its = parts(root, makeTable);
  if (missing(its, study.rows.length ? '' : 'No trial has been started yet.')) return;
  const columns = study.once(`columns ${table.all}`, () => columnsOf(study));
  const rows = sorted(study, shownRows(study), columns);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  table.page = Math.min(table.page, pages - 1);
  drawControls(its, study, rows.length);
  drawHead(its, columns);
  drawRows(its, study, columns, rows.slice(table.page * PAGE, (table.page + 1) * PAGE));
  drawPager(its, rows.length, pages);
});

function makeTable(content) {
  const words = el('input', { type: 'search', id: 'filter', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'filter-help filter-wrong' });
  words.addEventListener('input', () => { setFilter(current, words.value); table.page = 0; refresh(); });
  const states = el('div', { class: 'states', role: 'group', 'aria-label': 'States' });
  const clear = button('Clear', () => { clearFilter(); words.value = ''; table.page = 0; stale('trials', 'parallel'); words.focus(); }, { class: 'quiet' });
  const all = el('input', { type: 'checkbox', on: { change: () => { table.all = all.checked; stale('trials'); } } });
  const allLabel = el('label', { class: 'inline' }, all, ' All metrics');
  const count = el('p', { class: 'count', 'aria-live': 'polite' });
  const wrong = el('p', { id: 'filter-wrong', class: 'wrong', role: 'alert' });
  const caption = el('caption', { class: 'unseen' }, 'Trials; the buttons in the heads sort, the first button of a row opens its life');
  const head = el('tr');
  const body = el('tbody');
  const pager = el('div', { class: 'pager' });
  content.append(
    el('div', { class: 'controls' }, el('label', { class: 'filter' }, el('span', {}, 'Filter'), words), clear, allLabel), states,
    el('p', { id: 'filter-help', class: 'help' }, 'Words that must all hold: a text, or a column and a value, such as ',
      el('code', {}, 'value<0.1'), ' or ', el('code', {}, 'state=failed'), '.'),
    wrong, count, scrollable('Table of trials', el('table', { class: 'trials' }, caption, el('thead', {}, head), body)), pager);
  return { words, states, allLabel, count, wrong, head, body, pager, shown: [] };
}

const refresh = () => stale('trials');

function columnsOf(study) {
  const column = (name, read, more = {}) => {
    const numbers = study.rows.map(read).filter((value) => typeof value === 'number');
    return { name, read, write: formatter(numbers), numeric: numbers.length > 0 && name !== 'Trial', ...more };
  };
  const metrics = table.all ? study.metrics.filter((name) => name !== study.shown) : (study.head.metrics || []).map((each) => each.name).filter((name) => name !== study.shown);
  return [
    column('Trial', (row) => row.id), column('State', (row) => row.state),
    column(study.shown, (row) => study.valueOf(row), { isValue: true }),
    ...study.hyperparameters.map(({ name }) => column(name, (row) => configValue(row, name), { given: true })),
    ...metrics.map((name) => column(name, (row) => number((row.metrics || {})[name]), { given: true })),
    column('Epoch', (row) => row.epoch, { about: 'the epoch of the value' }),
    column('Epochs', (row) => row.last_epoch, { about: 'the last epoch reached' }),
    column('Seconds', (row) => number(row.seconds), {
      about: 'its share of the time of its cohort', write: secondsFormatter(study.rows.map((row) => number(row.seconds))),
    }),
  ].filter((each) => !['Epoch', 'Epochs'].includes(each.name) || each.given || study.rows.some((row) => each.read(row) > 0));
}

// Numbers that do not fit into JSON come as words; they sort as numbers all the same.
function configValue(row, name) {
  const value = (row.config || {})[name];
  return ['NaN', 'Infinity', '-Infinity'].includes(value) ? number(value) : value;
}

// What has no value stands last in either direction; equal ones stay in the order of the trials.
function sorted(study, rows, columns) {
  const column = columns.find((each) => each.name === table.sort);
  if (!column) return rows;
  const isMissing = (value) => value === null || value === undefined || Number.isNaN(value);
  const keyed = rows.map((row) => [column.read(row), row]);
  const there = keyed.filter(([value]) => !isMissing(value));
  const order = (one, other) => {
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    return plain(one).localeCompare(plain(other), 'en', { numeric: true });
  };
  there.sort(([one], [other]) => (table.down ? order(other, one) : order(one, other)));
  return [...there, ...keyed.filter(([value]) => isMissing(value))].map(([, row]) => row);
}

function drawControls(its, study, count) {
  if (document.activeElement !== its.words && its.words.value !== filter.text) its.words.value = filter.text;
  its.wrong.textContent = filter.wrong || '';
  its.allLabel.hidden = study.metrics.length < 2;
  const counts = study.once('counts', () => STATES.map((state) => [state, study.rows.filter((row) => row.state === state).length]));
  drawStates(its.states, counts.filter(([, count_]) => count_));
  const brushed = filter.brushes.size ? `, ${filter.brushes.size} of the axes below brushed` : '';
  const text = isFiltered() ? `${grouped(count)} of ${plural(study.rows.length, 'trial')}${brushed}` : plural(count, 'trial');
  if (its.count.textContent !== text) its.count.textContent = text;
}

function drawStates(box, counts) {
  const key = JSON.stringify([counts, [...filter.states]]);
  if (box.key === key) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.state : null;
  box.key = key;
  refill(box, counts.map(([state]) => button('', () => toggleState(state), {
    class: 'chip', 'aria-pressed': filter.states.has(state), 'data-state': state,
  })));
  counts.forEach(([state, count], index) => put(box.children[index], [swatch(state), `${grouped(count)} ${state}`]));
  const again = focused && box.querySelector(`[data-state="${focused}"]`);
  if (again) again.focus();
}

function toggleState(state) {
  if (filter.states.has(state)) filter.states.delete(state);
  else filter.states.add(state);
  table.page = 0;
  refresh();
}

function drawHead(its, columns) {
  const key = JSON.stringify([columns.map((each) => each.name), table.sort, table.down]);
  if (its.head.key === key) return;
  const focused = its.head.contains(document.activeElement) ? document.activeElement.dataset.column : null;
  its.head.key = key;
  refill(its.head, columns.map(headOf));
  const again = focused === null ? null : [...its.head.querySelectorAll('button')].find((each) => each.dataset.column === focused);
  if (again) again.focus();
}

function headOf(column) {
  const sortedBy = column.name === table.sort;
  const sort = button('', () => sortBy(column.name), { class: 'sort', 'data-column': column.name.slice(0, 200) });
  const arrow = el('span', { class: 'arrow', 'aria-hidden': 'true' }, arrowOf(column));
  put(sort, column.numeric ? [arrow, data(column.name, 24)] : [data(column.name, 24), arrow]);
  return el('th', {
    scope: 'col', class: column.numeric ? 'number' : null, 'aria-sort': sortedBy ? (table.down ? 'descending' : 'ascending') : 'none',
    title: column.about || (column.name.length > 20 ? cut(column.name, 300) : null),
  }, sort);
}

const arrowOf = (column) => (column.name !== table.sort ? '' : table.down ? '\u2193' : '\u2191');

function sortBy(name) {
  if (table.sort === name && table.down) [table.sort, table.down] = [null, false];
  else [table.sort, table.down] = [name, table.sort === name];
  table.page = 0;
  refresh();
  const words = table.sort ? `Sorted by ${cut(name, 40)}, ${table.down ? 'descending' : 'ascending'}` : 'In the order of the trials';
  say(words);
}

// Rows that are as they were stay as they are: what is selected or focused in them too.
function drawRows(its, study, columns, rows) {
  const columnsKey = its.head.key;
  const same = its.columnsKey === columnsKey && its.study === study && its.best === study.best
    && its.shown.length === rows.length && rows.every((row, index) => its.shown[index] === row) && its.openKey === [...table.open].join();
  if (same) return;
  const focused = its.body.contains(document.activeElement) ? document.activeElement.dataset.trial : null;
  Object.assign(its, { columnsKey, study, best: study.best, shown: rows, openKey: [...table.open].join() });
  refill(its.body, rows.length ? rows.flatMap((row) => rowsOf(study, columns, row))
    : el('tr', {}, el('td', { colspan: columns.length }, 'No trial passes the filter.')));
  if (focused !== null) {
    const again = its.body.querySelector(`button[data-trial="${Number(focused)}"]`);
    if (again) again.focus({ preventScroll: true });
  }
}

function rowsOf(study, columns, row) {
  const open = table.open.has(row.id);
  const best = row === study.best;
  const cells = columns.slice(1).map((column) => cellOf(column, row));
  const toggle = button('', () => toggleRow(row.id), {
    class: 'open', 'aria-expanded': open, 'data-trial': row.id, 'aria-controls': open ? `life-${row.id}` : null,
  });
  put(toggle, [el('span', { class: 'arrow', 'aria-hidden': 'true' }, open ? '\u25be' : '\u25b8'), String(row.id)]);
  const line = el('tr', { class: best ? 'best-row' : null, 'data-row': row.id },
    el('th', { scope: 'row' }, toggle, best ? el('span', { class: 'badge' }, 'best') : null), cells);
  if (!open) return [line];
  return [line, el('tr', { class: 'life-row', id: `life-${row.id}` }, el('td', { colspan: columns.length }, lifeOf(study, row)))];
}

function cellOf(column, row) {
  if (column.name === 'State' && !column.given) return el('td', {}, stateLabel(row.state));
  const value = column.read(row);
  if (typeof value === 'number') {
    if (Number.isNaN(value) && !column.given) return el('td', { class: 'number' }, el('span', { class: 'none' }, '\u2013'));
    return el('td', { class: 'number', title: plain(value) === 'null' ? String(value) : plain(value) }, column.write(value));
  }
  if (value === null || value === undefined) return el('td', {}, el('span', { class: 'none', 'aria-label': 'none' }, '\u2013'));
  return el('td', { title: plain(value).length > 28 ? cut(plain(value), 600) : null }, el('bdi', { class: 'data cut' }, cut(value, 60)));
}

function toggleRow(id) {
  if (table.open.has(id)) table.open.delete(id);
  else table.open.add(id);
  refresh();
}

function drawPager(its, count, pages) {
  its.pager.hidden = pages < 2;
  const key = `${table.page} ${pages} ${count}`;
  if (its.pager.key === key) return;
  const focused = its.pager.contains(document.activeElement) ? document.activeElement.dataset.turn : null;
  its.pager.key = key;
  const turn = (text, page, name, off) => button(text, () => { table.page = page; refresh(); }, { class: 'quiet', 'data-turn': name, disabled: off });
  const first = table.page * PAGE + 1;
  refill(its.pager,
    turn('First', 0, 'first', table.page === 0), turn('Previous', table.page - 1, 'previous', table.page === 0),
    el('span', { class: 'page-now' }, `${grouped(first)} to ${grouped(Math.min(count, first + PAGE - 1))} of ${grouped(count)}`),
    turn('Next', table.page + 1, 'next', table.page >= pages - 1), turn('Last', pages - 1, 'last', table.page >= pages - 1));
  const again = focused && its.pager.querySelector(`[data-turn="${focused}"]`);
  if (again) again.focus();
}

// A point of a chart was chosen: its row is opened and brought into sight, whatever the filter hid.
function showTrial(id) {
  const columns = columnsOf(current);
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
