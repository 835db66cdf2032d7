// The columns of the table of trials, and its rows in the order of one of them.

function columnsOf(study) {
  const column = (name, read, more = {}) => {
    const numbers = study.rows.map(read).filter((value) => typeof value === 'number');
    return {
      name,
      read,
      write: formatter(numbers),
      numeric: numbers.length > 0 && name !== 'Trial',
      ...more,
    };
  };
  const metrics = table.all
    ? study.metrics.filter((name) => name !== study.shown)
    : (study.head.metrics || []).map((each) => each.name).filter((name) => name !== study.shown);
  return [
    column('Trial', (row) => row.id),
    column('State', (row) => row.state),
    column(study.shown, (row) => study.valueOf(row), { isValue: true }),
    ...study.hyperparameters.map(({ name }) =>
      column(name, (row) => configValue(row, name), { given: true }),
    ),
    ...metrics.map((name) => column(name, (row) => number((row.metrics || {})[name]), { given: true })),
    column('Epoch', (row) => row.epoch, { about: 'the epoch of the value' }),
    column('Epochs', (row) => row.last_epoch, { about: 'the last epoch reached' }),
    column('Seconds', (row) => number(row.seconds), {
      about: 'its share of the time of its cohort',
      write: secondsFormatter(study.rows.map((row) => number(row.seconds))),
    }),
  ].filter(
    (each) =>
      !['Epoch', 'Epochs'].includes(each.name) || each.given || study.rows.some((row) => each.read(row) > 0),
  );
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
