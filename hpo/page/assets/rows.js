// The table of trials as it is drawn: its heads, its rows with their lives, its pages.
// What has the focus keeps it.

function drawHead(its, columns) {
  const key = JSON.stringify([columns.map((each) => each.name), table.sort, table.down]);
  if (its.head.key === key) return;
  const focused = its.head.contains(document.activeElement) ? document.activeElement.dataset.column : null;
  its.head.key = key;
  refill(its.head, columns.map(headOf));
  const again =
    focused === null
      ? null
      : [...its.head.querySelectorAll('button')].find((each) => each.dataset.column === focused);
  if (again) again.focus();
}

function headOf(column) {
  const sortedBy = column.name === table.sort;
  const sort = button('', () => sortBy(column.name), {
    class: 'sort',
    'data-column': column.name.slice(0, 200),
  });
  const arrow = el('span', { class: 'arrow', 'aria-hidden': 'true' }, arrowOf(column));
  put(sort, column.numeric ? [arrow, data(column.name, 24)] : [data(column.name, 24), arrow]);
  return el(
    'th',
    {
      scope: 'col',
      class: column.numeric ? 'number' : null,
      'aria-sort': sortedBy ? (table.down ? 'descending' : 'ascending') : 'none',
      title: column.about || (column.name.length > 20 ? cut(column.name, 300) : null),
    },
    sort,
  );
}

const arrowOf = (column) => (column.name !== table.sort ? '' : table.down ? '\u2193' : '\u2191');

function sortBy(name) {
  if (table.sort === name && table.down) [table.sort, table.down] = [null, false];
  else [table.sort, table.down] = [name, table.sort === name];
  table.page = 0;
  refresh();
  const words = table.sort
    ? `Sorted by ${cut(name, 40)}, ${table.down ? 'descending' : 'ascending'}`
    : 'In the order of the trials';
  say(words);
}

// Rows that are as they were stay as they are: what is selected or focused in them too.
function drawRows(its, study, columns, rows) {
  const columnsKey = its.head.key;
  const same =
    its.columnsKey === columnsKey &&
    its.study === study &&
    its.best === study.best &&
    its.shown.length === rows.length &&
    rows.every((row, index) => its.shown[index] === row) &&
    its.openKey === [...table.open].join();
  if (same) return;
  const focused = its.body.contains(document.activeElement) ? document.activeElement.dataset.trial : null;
  Object.assign(its, { columnsKey, study, best: study.best, shown: rows, openKey: [...table.open].join() });
  refill(
    its.body,
    rows.length
      ? rows.flatMap((row) => rowsOf(study, columns, row))
      : el('tr', {}, el('td', { colspan: columns.length }, 'No trial passes the filter.')),
  );
  if (focused !== null) {
    const again = its.body.querySelector(`button[data-trial="${Number(focused)}"]`);
    if (again) again.focus({ preventScroll: true });
  }
}

function rowsOf(study, columns, row) {
  const open = table.open.has(row.id);
  const best = row === study.best;
  const cells = columns.slice(1).map((column) => cellOf(column, row));
  const opener = button('', () => toggleRow(row.id), {
    class: 'open',
    'aria-expanded': open,
    'data-trial': row.id,
    'aria-controls': open ? `life-${row.id}` : null,
  });
  put(opener, [
    el('span', { class: 'arrow', 'aria-hidden': 'true' }, open ? '\u25be' : '\u25b8'),
    String(row.id),
  ]);
  const line = el(
    'tr',
    { class: best ? 'best-row' : null, 'data-row': row.id },
    el('th', { scope: 'row' }, opener, best ? el('span', { class: 'badge' }, 'best') : null),
    cells,
  );
  if (!open) return [line];
  return [
    line,
    el(
      'tr',
      { class: 'life-row', id: `life-${row.id}` },
      el('td', { colspan: columns.length }, lifeOf(study, row)),
    ),
  ];
}

function cellOf(column, row) {
  if (column.name === 'State' && !column.given) return el('td', {}, stateLabel(row.state));
  const value = column.read(row);
  if (typeof value === 'number') {
    if (Number.isNaN(value) && !column.given)
      return el('td', { class: 'number' }, el('span', { class: 'none' }, '\u2013'));
    return el(
      'td',
      { class: 'number', title: plain(value) === 'null' ? String(value) : plain(value) },
      column.write(value),
    );
  }
  if (value === null || value === undefined)
    return el('td', {}, el('span', { class: 'none', 'aria-label': 'none' }, '\u2013'));
  return el(
    'td',
    { title: plain(value).length > 28 ? cut(plain(value), 600) : null },
    el('bdi', { class: 'data cut' }, cut(value, 60)),
  );
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
  const turn = (text, page, name, off) =>
    button(
      text,
      () => {
        table.page = page;
        refresh();
      },
      { class: 'quiet', 'data-turn': name, disabled: off },
    );
  const first = table.page * PAGE + 1;
  refill(
    its.pager,
    turn('First', 0, 'first', table.page === 0),
    turn('Previous', table.page - 1, 'previous', table.page === 0),
    el(
      'span',
      { class: 'page-now' },
      `${grouped(first)} to ${grouped(Math.min(count, first + PAGE - 1))} of ${grouped(count)}`,
    ),
    turn('Next', table.page + 1, 'next', table.page >= pages - 1),
    turn('Last', pages - 1, 'last', table.page >= pages - 1),
  );
  const again = focused && its.pager.querySelector(`[data-turn="${focused}"]`);
  if (again) again.focus();
}
