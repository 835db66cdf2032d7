// From the document in the page to what is seen.

function start() {
  byId('undrawn').remove();
  const holder = byId('data');
  const text = holder.textContent.trim();
  const read = text ? JSON.parse(text) : { format: 1, changes: [] };
  if (read.format !== 1) {
    refill(
      byId('main'),
      nothing(`The data of this page have the format ${plain(read.format)}, and it reads format 1.`),
    );
    return;
  }
  for (const change of read.changes || []) apply(change);
  byId('made').textContent = read.made ? `polyhpo ${plain(read.version)}, ${moment(read.made)}` : '';
  showTheme();
  readColours();
  showNavigation();
  showStudies();
  watchPaper();
  watchChoices();
  watchSections();
  const first = [...studies.values()].find((study) => study.head);
  if (first) choose(first);
  else refill(byId('study-name'), 'No study yet');
  // The first picture is of what is in sight; the rest follows when the page is idle.
  for (const each of sections)
    if (each.root.getBoundingClientRect().top < window.innerHeight) drawSection(each);
  performance.mark('seen');
  if (!holder.dataset.events) return;
  showTroubles();
  listen(holder.dataset.events, hear);
}

function showNavigation() {
  refill(
    byId('nav'),
    sections.map(({ id, title }) =>
      el('li', { 'data-for': id }, el('a', { href: `#${id}` }, title === 'About this study' ? 'About' : title)),
    ),
  );
}

function showStudies() {
  const all = [...studies.values()].filter((study) => study.head);
  const select = byId('study-select');
  const those = [byId('study-choice'), byId('comparison'), byId('nav').querySelector('[data-for="comparison"]')];
  for (const each of those) each.hidden = all.length < 2;
  const names = all.map((study) => [study.key, cut(nameOf(study), 60)]);
  const key = JSON.stringify(names);
  if (select.key !== key)
    refill(
      select,
      names.map(([value, name]) => el('option', { value }, name)),
    );
  select.key = key;
  if (current) select.value = current.key;
}

function watchPaper() {
  const change = (printed) => {
    showTheme(printed);
    readColours();
    for (const each of sections) each.stale = true;
    drawAll();
    for (const plot of plots) plot.fit();
  };
  window.addEventListener('beforeprint', () => change(true));
  window.addEventListener('afterprint', () => change(false));
  paper.addEventListener('change', () => change(paper.matches));
}

function watchChoices() {
  watchTheme(() => {
    showTheme();
    readColours();
    stale();
  });
  byId('study-select').addEventListener('change', (event) => choose(studies.get(event.target.value)));
}

start();
