// Which trials are shown: a text such as `lr>0.01 units<=64 relu`, the states chosen, and the ranges
// brushed in the parallel coordinates. All of the words must hold.

const filter = { text: '', states: new Set(), brushes: new Map(), words: [], wrong: null };
const COMPARISON = /^(.+?)(>=|<=|!=|>|<|=|:)(.*)$/s;

function setFilter(study, text) {
  filter.text = text;
  filter.wrong = null;
  filter.words = wordsOf(text).map((word) => readWord(study, word));
}

// Words are separated by spaces; quotes keep a name with spaces together.
const wordsOf = (text) => (text.match(/(?:"[^"]*"|\S)+/g) || []).map((word) => word.replace(/"/g, ''));

function readWord(study, word) {
  const found = COMPARISON.exec(word);
  if (!found) return (row) => textOfRow(study, row).includes(word.toLowerCase());
  const [, name, relation, wanted] = found;
  const read = readerOf(study, name.trim());
  if (!read) {
    filter.wrong = `There is no column ${cut(name, 40)}. Columns: ${columnNames(study)
      .map((each) => cut(each, 30))
      .join(', ')}.`;
    return () => true;
  }
  return (row) => compare(read(row), relation, wanted.trim());
}

const columnNames = (study) => [
  'trial',
  'state',
  ...study.hyperparameters.map((each) => each.name),
  ...study.metrics,
  'epoch',
  'epochs',
  'seconds',
];

function readerOf(study, name) {
  if (study.hyperparameters.some((each) => each.name === name)) return (row) => (row.config || {})[name];
  if (name === study.shown || name === 'value') return (row) => study.valueOf(row);
  if (study.metrics.includes(name)) return (row) => number((row.metrics || {})[name]);
  const fixed = {
    trial: (row) => row.id,
    id: (row) => row.id,
    state: (row) => row.state,
    epoch: (row) => row.epoch,
    epochs: (row) => row.last_epoch,
    seconds: (row) => row.seconds,
    reason: (row) => row.reason || '',
  };
  return Object.hasOwn(fixed, name) ? fixed[name] : null;
}

function compare(value, relation, wanted) {
  const [one, other] = [number(value), number(wanted)];
  const numeric = !Number.isNaN(one) && !Number.isNaN(other);
  if (relation === ':') return plain(value).toLowerCase().includes(wanted.toLowerCase());
  if (relation === '=') return numeric ? one === other : plain(value).toLowerCase() === wanted.toLowerCase();
  if (relation === '!=') return numeric ? one !== other : plain(value).toLowerCase() !== wanted.toLowerCase();
  if (!numeric) return false;
  if (relation === '>') return one > other;
  if (relation === '<') return one < other;
  return relation === '>=' ? one >= other : one <= other;
}

function textOfRow(study, row) {
  const kept = study.once('texts', () => new Map());
  if (!kept.has(row.id)) {
    const parts = [row.id, row.state, ...Object.values(row.config || {}).map(plain), row.reason || ''];
    kept.set(row.id, parts.join(' ').slice(0, 20000).toLowerCase());
  }
  return kept.get(row.id);
}

function passes(row) {
  if (filter.states.size && !filter.states.has(row.state)) return false;
  if (!filter.words.every((holds) => holds(row))) return false;
  for (const holds of filter.brushes.values()) if (!holds(row)) return false;
  return true;
}

const isFiltered = () => Boolean(filter.words.length || filter.states.size || filter.brushes.size);
const shownRows = (study) => (isFiltered() ? study.rows.filter(passes) : study.rows);

function clearFilter() {
  filter.text = '';
  filter.wrong = null;
  filter.words = [];
  filter.states.clear();
  filter.brushes.clear();
}
