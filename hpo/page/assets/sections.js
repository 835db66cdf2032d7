// When each section is drawn: those in sight at once, the others when they come into sight or the page is
// idle; while changes arrive at most three times a second.

const PAUSE = 333;
const sections = [];
let current = null;

// In the order of the scripts that call it. draw(study, root) fills the section from the study.
function section(id, title, draw) {
  const root = byId(id) || sectionOf(id, title);
  sections.push({ id, title, draw, root, stale: true, seen: false });
}

function sectionOf(id, title) {
  const heading = `${id}-title`;
  const root = el(
    'section',
    { id, 'aria-labelledby': heading },
    el('h2', { id: heading }, title),
    el('div', { class: 'body' }),
  );
  byId('main').append(root);
  return root;
}

// What the reader changes is drawn everywhere, what is out of sight when there is time.
function stale(...ids) {
  thorough = true;
  lazily(...ids);
}

// What arrives is drawn where it is seen.
function lazily(...ids) {
  for (const each of sections) if (!ids.length || ids.includes(each.id)) each.stale = true;
  schedule();
}

let thorough = false;
let waiting = false;
let last = -Infinity;
function schedule() {
  if (waiting) return;
  waiting = true;
  const wait = Math.max(0, last + PAUSE - performance.now());
  setTimeout(
    () =>
      requestAnimationFrame(() => {
        waiting = false;
        last = performance.now();
        for (const each of sections) if (each.seen) drawSection(each);
        if (thorough) drawIdly();
      }),
    wait,
  );
}

function drawSection(each) {
  if (!each.stale || !current) return;
  each.stale = false;
  each.draw(current, each.root);
  for (const box of each.root.querySelectorAll('.as-table')) box.fill();
}

function drawAll() {
  for (const each of sections) drawSection(each);
}

// Sections out of sight are drawn once while there is nothing else to do, so that searching in the page
// finds them.
function drawIdly() {
  // A busy browser may never be idle.
  const later = window.requestIdleCallback
    ? (work) => window.requestIdleCallback(work, { timeout: 500 })
    : (work) => setTimeout(work, 60);
  later(() => {
    const next = current && sections.find((each) => each.stale);
    if (!next) {
      thorough = false;
      document.documentElement.setAttribute('data-drawn', 'all');
      performance.mark('drawn');
      return;
    }
    drawSection(next);
    drawIdly();
  });
}

function watchSections() {
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const found = sections.find((each) => each.root === entry.target);
        found.seen = entry.isIntersecting;
        if (found.seen && found.stale) schedule();
      }
    },
    { rootMargin: '200px' },
  );
  for (const each of sections) watch.observe(each.root);
}

function choose(study) {
  current = study;
  clearFilter();
  table.open.clear();
  table.page = 0;
  stale();
}

// A section's parts are made once and kept; a message stands in their place while there is nothing to show.
function parts(root, make) {
  const body = root.querySelector('.body');
  if (!body.parts) {
    const message = nothing('');
    const content = el('div');
    body.append(message, content);
    body.parts = Object.assign(make(content), { message, content });
  }
  return body.parts;
}

function missing(its, text) {
  its.message.textContent = text || '';
  its.message.hidden = !text;
  its.content.hidden = Boolean(text);
  return Boolean(text);
}
