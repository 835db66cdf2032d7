// How much of the variance of the results each hyperparameter explains: bars, with their numbers.

section('importance', 'Importance', (study, root) => {
  const its = parts(root, (content) => {
    const list = el('ul', { class: 'bars' });
    content.append(
      el(
        'p',
        { class: 'finding' },
        'The share of the variation of the results that each hyperparameter explains.',
      ),
      list,
    );
    return { list };
  });
  const found = study.analysis && study.analysis.importance;
  if (missing(its, found && found.length ? '' : whyNone(study))) return;
  const most = Math.max(...found.map((each) => number(each.share)), 1e-9);
  refill(
    its.list,
    found.map(({ name, share }) => {
      const fill = el('span', { class: 'fill' });
      fill.style.width = `${Math.max(0, (100 * number(share)) / most)}%`;
      return el(
        'li',
        {},
        el('span', { class: 'bar-name' }, data(name, 40)),
        el('span', { class: 'track', 'aria-hidden': 'true' }, fill),
        el('span', { class: 'bar-value' }, `${(100 * number(share)).toFixed(1)} %`),
      );
    }),
  );
});

const whyNone = (study) =>
  study.analysis
    ? cut(study.analysis.importance_why || 'The results do not say which hyperparameter matters.', 600)
    : 'It is computed when more results are there.';
