// Making elements. Text from studies goes into textContent or an attribute, and nowhere else.

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  set(made, attributes);
  put(made, children);
  return made;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || (value === false && !name.startsWith('aria-'))) continue;
    if (name === 'on') {
      for (const [kind, handler] of Object.entries(value)) element.addEventListener(kind, handler);
    } else {
      element.setAttribute(name, value === true && !name.startsWith('aria-') ? '' : String(value));
    }
  }
  return element;
}

function put(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
}

function refill(element, ...children) {
  element.replaceChildren();
  put(element, children);
}

// Text of a study inside a sentence of ours: isolated, so that its direction and its length stay its own.
const data = (text, most = 200) =>
  el('bdi', { class: 'data', title: plain(text).length > most ? cut(text, 600) : null }, cut(text, most));

const byId = (id) => document.getElementById(id);
const nothing = (text) => el('p', { class: 'nothing' }, text);

function button(text, onClick, attributes = {}) {
  return el('button', { type: 'button', ...attributes, on: { click: onClick } }, text);
}

// A button that stays pressed until it is pressed again.
function toggle(text, turned) {
  const made = button(
    text,
    () => {
      const pressed = made.getAttribute('aria-pressed') !== 'true';
      made.setAttribute('aria-pressed', pressed);
      turned(pressed);
    },
    { class: 'chip', 'aria-pressed': false },
  );
  return made;
}

// What a chart shows, as a table for who cannot see it; filled while it is open, see `drawSection`.
function asTable(caption, heads, rows) {
  const content = scrollable(caption);
  const box = el('details', { class: 'as-table' }, el('summary', {}, 'As a table'), content);
  box.fill = () => {
    if (!box.open) return;
    const now = rows();
    const key = JSON.stringify(now);
    if (content.key === key) return;
    content.key = key;
    refill(content, plainTable(caption, heads, now));
  };
  box.addEventListener('toggle', box.fill);
  return box;
}

const tableOf = (caption, heads, rows) => scrollable(caption, plainTable(caption, heads, rows));

function plainTable(caption, heads, rows) {
  const columns = heads.map((_, index) =>
    rows.map((row) => row[index]).filter((value) => typeof value === 'number'),
  );
  const writers = columns.map(formatter);
  const side = (index) => (columns[index].length ? 'number' : null);
  const headOfColumn = (head, index) => el('th', { scope: 'col', class: side(index) }, data(head, 40));
  const cell = (value, index) =>
    el(
      index ? 'td' : 'th',
      {
        scope: index ? null : 'row',
        class: side(index),
        title: typeof value === 'number' ? String(value) : null,
      },
      value instanceof Node ? value : data(typeof value === 'number' ? writers[index](value) : value),
    );
  const lines = rows.map((row) => el('tr', {}, row.map(cell)));
  return el(
    'table',
    {},
    el('caption', { class: 'unseen' }, caption),
    el('thead', {}, el('tr', {}, heads.map(headOfColumn))),
    el('tbody', {}, lines),
  );
}

const scrollable = (label, ...children) =>
  el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, children);

let sayTimer = 0;
function say(text) {
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => {
    byId('said').textContent = text;
  }, 150);
}
