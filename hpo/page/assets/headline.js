// The headline: the best value and how it was found, what the study cost, and what to do next.

section('headline', 'Summary', (study, root) => {
  const { head } = study;
  refill(root.querySelector('h1'), data(head.name, 120));
  document.title = cut(head.name, 60);
  refill(byId('bar-name'), cut(head.name, 60));
  refill(root.querySelector('.facts'), factsOf(study));
  refill(root.querySelector('.best'), bestOf(study));
  refill(root.querySelector('.tiles'), tilesOf(study));
  refill(root.querySelector('.next'), nextOf(study));
});

function factsOf(study) {
  const { head } = study;
  const goals = (head.metrics || []).map((each) => `${each.direction} ${cut(each.name, 60)}`).join(', ');
  const facts = [
    goals,
    head.searcher && head.searcher.name,
    head.scheduler && head.scheduler.name && study.levels.length
      ? `${head.scheduler.name} at epochs ${study.levels.join(', ')}`
      : null,
    head.backend,
    head.last_event ? `last change ${moment(head.last_event)}` : null,
  ];
  return facts.filter(Boolean).map((text) => el('span', { class: 'fact data' }, cut(text, 120)));
}

function bestOf(study) {
  const { best } = study.head;
  const goal = study.goal;
  if (!best) {
    const several = (study.head.metrics || []).length > 1;
    return [
      nothing(
        several
          ? 'This study has several goals, so no one trial is the best. Sort the table of trials by each of them.'
          : 'No trial has a result yet, so there is no best one.',
      ),
    ];
  }
  return [
    el('p', { class: 'kicker' }, 'Best ', data(goal.name, 60)),
    el('p', { class: 'figure', title: plain(best.value) }, short(number(best.value))),
    el(
      'p',
      { class: 'how' },
      'Trial ',
      button(`${best.trial}`, () => showTrial(best.trial), {
        class: 'link',
        'aria-label': `Show trial ${best.trial} in the table`,
      }),
      best.epoch ? `, epoch ${best.epoch}` : '',
      best.how ? [': ', data(best.how, 400)] : '.',
    ),
    configList(best.config || {}),
  ];
}

function configList(config) {
  const entries = Object.entries(config);
  if (!entries.length) return null;
  return el(
    'dl',
    { class: 'config' },
    entries.map(([name, value]) =>
      el(
        'div',
        {},
        el('dt', {}, data(name, 60)),
        el(
          'dd',
          { title: cut(plain(value), 600) },
          data(typeof value === 'number' ? short(value) : value, 80),
        ),
      ),
    ),
  );
}

function tilesOf(study) {
  const { head } = study;
  const counts = head.counts || {};
  const epochs = study.once('epochs', () => study.rows.reduce((sum, row) => sum + (row.last_epoch || 0), 0));
  const tile = (name, value, more) =>
    el(
      'div',
      { class: 'tile' },
      el('dt', {}, name),
      el(
        'dd',
        {},
        el('span', { class: 'tile-value' }, value),
        more ? el('span', { class: 'tile-more' }, more) : null,
      ),
    );
  const failed = counts.failed || 0;
  return [
    el(
      'dl',
      {},
      tile(
        'Trials',
        grouped(head.num_trials ?? study.rows.length),
        failed ? `${grouped(failed)} failed` : null,
      ),
      tile('Time of work', duration(head.seconds) || 'unknown', perTrial(head)),
      epochs ? tile('Epochs trained', grouped(epochs)) : null,
    ),
    countsBar(counts),
  ];
}

function perTrial(head) {
  const ended = head.num_trials || 0;
  return ended > 1 && head.seconds ? `${duration(number(head.seconds) / ended)} a trial` : null;
}

function countsBar(counts) {
  const present = STATES.filter((state) => counts[state]);
  if (!present.length) return null;
  const bar = el('div', { class: 'counts-bar', 'aria-hidden': 'true' });
  for (const state of present) {
    const part = el('span', { class: `part ${state}` });
    part.style.flexGrow = counts[state];
    bar.append(part);
  }
  return el(
    'div',
    { class: 'counts' },
    bar,
    el(
      'ul',
      { class: 'legend' },
      present.map((state) => el('li', {}, swatch(state), `${grouped(counts[state])} ${state}`)),
    ),
  );
}

function nextOf(study) {
  const hints = (study.analysis && study.analysis.hints) || [];
  const notes = (study.head.notes || []).map((note) => note.text).filter((text) => !hints.includes(text));
  return [
    el('h2', {}, 'What to do next'),
    hints.length
      ? el(
          'ul',
          { class: 'hints' },
          hints.map((hint) => el('li', {}, data(hint, 800))),
        )
      : nothing(
          study.analysis ? 'Nothing stands out in the results.' : 'The results are still being looked at.',
        ),
    notes.length
      ? el(
          'details',
          { class: 'notes' },
          el('summary', {}, plural(notes.length, 'note')),
          el(
            'ul',
            {},
            notes.map((text) => el('li', {}, data(text, 800))),
          ),
        )
      : null,
  ];
}
