// A live page hears of changes from its own server. Where the connection is lost the browser tries again by
// itself.

function listen(address) {
  const pill = byId('connection');
  const tell = (state, text) => {
    pill.hidden = false;
    pill.className = `pill ${state}`;
    if (pill.textContent !== text) pill.textContent = text;
  };
  showTroubles();
  const source = new EventSource(address);
  tell('waiting', 'connecting');
  source.addEventListener('open', () => tell('live', 'live'));
  source.addEventListener('error', () =>
    tell(
      'lost',
      source.readyState === EventSource.CLOSED
        ? 'connection refused: open the address of hpo serve again'
        : 'connection lost, trying again',
    ),
  );
  source.addEventListener('change', (event) => {
    tell('live', 'live');
    hear(JSON.parse(event.data));
  });
}

function hear(change) {
  const isNew = !studies.has(String(change.key));
  const before = current && current.best && current.best.id;
  const study = apply(change);
  showTroubles();
  if (!study) return;
  if (isNew) showStudies();
  if (!current && study.head) choose(study);
  if (study === current)
    lazily(
      ...(change.trials || change.head ? [] : ['headline', 'importance', 'slices', 'parallel', 'contour']),
    );
  else lazily('comparison');
  if (study === current && study.best && before !== study.best.id)
    say(`New best: ${short(number(study.head.best.value))}, trial ${study.best.id}`);
}

// What cannot be read now: what was shown of it before stays.
function showTroubles() {
  const troubled = [...studies.values()].filter((study) => study.error);
  const box = byId('troubles');
  box.hidden = !troubled.length;
  refill(
    box,
    troubled.map((study) => el('p', {}, data(nameOf(study), 120), ': ', data(study.error, 600))),
  );
}
