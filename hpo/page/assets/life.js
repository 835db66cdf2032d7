// The life of one trial: what happened to it and when, what it was proposed for, and how it failed.

function lifeOf(study, row) {
  return el(
    'div',
    { class: 'life' },
    row.traceback
      ? part(
          'Failure',
          row.reason ? el('p', {}, data(row.reason, 1000)) : null,
          el('pre', { tabindex: 0, 'aria-label': `Traceback of trial ${row.id}` }, row.traceback),
        )
      : null,
    el(
      'div',
      { class: 'life-grid' },
      part('What happened', happened(row)),
      part('Config', configList(row.config || {}) || nothing('It has no hyperparameters.')),
      part('Facts', factList(study, row)),
      part('Reports', reportsOf(study, row)),
    ),
  );
}

const part = (title, ...children) => el('div', { class: 'part' }, el('h3', {}, title), ...children);

function happened(row) {
  const life = row.life || [];
  if (!life.length) return nothing('Nothing is in the log yet.');
  return el(
    'ol',
    { class: 'events' },
    life.map(([seconds, text]) =>
      el('li', {}, el('span', { class: 'when' }, duration(seconds) || '0 s'), data(text, 1000)),
    ),
  );
}

function factList(study, row) {
  const metrics = Object.entries(row.metrics || {}).map(([name, value]) => [
    cut(name, 60),
    short(number(value)),
  ]);
  const info = Object.entries(row.info || {}).map(([name, value]) => [cut(name, 60), plain(value)]);
  const list = (items) => (items || []).join(', ');
  const facts = [
    ['State', row.reason && !row.traceback ? `${row.state}: ${row.reason}` : row.state],
    ...metrics,
    ['Best epoch', row.best_epoch],
    ['Checkpoints kept', list(row.kept) && `epochs ${list(row.kept)}`],
    ['Seconds, its share', duration(row.seconds)],
    ['Seconds of its cohort', row.cohort_seconds ? duration(row.cohort_seconds) : null],
    ['Cohort', list(row.cohort) && `trials ${list((row.cohort || []).slice(0, 40))}`],
    ['Starts', row.attempt > 0 ? row.attempt + 1 : null],
    ['Proposal', row.proposal],
    ['Started', moment(row.started)],
    ['Finished', moment(row.finished)],
    ...info,
  ];
  return el(
    'dl',
    { class: 'pairs' },
    facts
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => el('div', {}, el('dt', {}, data(name, 60)), el('dd', {}, data(value, 600)))),
  );
}

const MOST_REPORTS = 200;

function reportsOf(study, row) {
  const reports = study.reportsOf(row);
  if (!reports.length) return nothing('It reported no epoch.');
  const few = reports.slice(-MOST_REPORTS);
  const kept = new Set(row.kept || []);
  const rows = few.map(([epoch, value]) => [epoch, value, kept.has(epoch) ? 'checkpoint' : '']);
  return [
    few.length < reports.length
      ? el('p', {}, `The last ${MOST_REPORTS} of ${plural(reports.length, 'report')}.`)
      : null,
    tableOf(`Reports of trial ${row.id}`, ['Epoch', study.shown, 'Kept'], rows),
  ];
}
