// What the page knows: studies by their keys, each with its trials by their ids. A change is merged in
// here, the first one as well as each one that a live page hears of.

const STATES = ['completed', 'stopped', 'paused', 'running', 'failed'];
const studies = new Map();

class Study {
  constructor(key) {
    this.key = key;
    this.trials = new Map();
    this.head = null;
    this.label = null;
    this.analysis = null;
    this.error = null;
    this.metric = null;
    this.version = 0;
    this.kept = new Map();
  }

  apply(change) {
    if (change.reset) this.trials.clear();
    if (change.head) this.head = change.head;
    if (change.label) this.label = change.label;
    if (change.analysis) this.analysis = change.analysis;
    this.error = change.error || null;
    for (const row of change.trials || []) this.trials.set(row.id, row);
    this.version += 1;
    this.kept.clear();
  }

  // What is computed from the trials is computed once for each change.
  once(name, compute) {
    if (!this.kept.has(name)) this.kept.set(name, compute());
    return this.kept.get(name);
  }

  get rows() {
    return this.once('rows', () => [...this.trials.values()].sort((one, other) => one.id - other.id));
  }

  get goal() {
    return (this.head.metrics || [])[0] || { name: 'value', direction: 'minimize' };
  }

  // With several goals a trial has no one value; each of its metrics stands by itself.
  get hasOneGoal() {
    return (this.head.metrics || []).length === 1;
  }

  get metrics() {
    return [...(this.head.metrics || []).map((each) => each.name), ...(this.head.other_metrics || [])];
  }

  get shown() {
    return this.metric || this.goal.name;
  }

  show(metric) {
    this.metric = metric;
    this.kept.clear();
  }

  // -1 maximises, 1 minimises, 0 is a metric that has no direction.
  get sign() {
    const found = (this.head.metrics || []).find((each) => each.name === this.shown);
    if (!found) return 0;
    return found.direction === 'maximize' ? -1 : 1;
  }

  valueOf(row) {
    if (this.hasOneGoal && this.shown === this.goal.name) return number(row.value);
    return number((row.metrics || {})[this.shown]);
  }

  // The trials that a picture of values can show.
  get valued() {
    return this.once('valued', () => this.rows.filter((row) => Number.isFinite(this.valueOf(row))));
  }

  reportsOf(row) {
    const found =
      this.hasOneGoal && this.shown === this.goal.name ? row.reports : (row.more || {})[this.shown];
    return (found || []).map(([epoch, value]) => [epoch, number(value)]);
  }

  get hyperparameters() {
    return this.once('hyperparameters', () => {
      const named = new Map((this.head.space || []).map((entry) => [entry.name, entry]));
      for (const row of this.rows) {
        for (const name of Object.keys(row.config || {})) {
          if (!named.has(name)) named.set(name, { name });
        }
      }
      return [...named.values()];
    });
  }

  // As `Study.incumbents` has it: completed trials alone, since values at fewer epochs do not compare.
  get incumbents() {
    return this.once('incumbents', () => {
      const sign = this.sign;
      const found = [];
      let best = Infinity;
      if (!sign) return found;
      for (const row of this.rows) {
        const value = this.valueOf(row);
        if (!Number.isFinite(value) || row.state !== 'completed') continue;
        if (sign * value < best) {
          best = sign * value;
          found.push({ row, value });
        }
      }
      return found;
    });
  }

  get best() {
    return this.shown === this.goal.name && this.head.best
      ? this.trials.get(this.head.best.trial) || null
      : null;
  }

  get levels() {
    return ((this.head.scheduler || {}).levels || []).map(number).filter(Number.isFinite);
  }
}

function apply(change) {
  const key = String(change.key);
  if (change.gone) {
    studies.delete(key);
    return null;
  }
  if (!studies.has(key)) studies.set(key, new Study(key));
  studies.get(key).apply(change);
  return studies.get(key);
}
