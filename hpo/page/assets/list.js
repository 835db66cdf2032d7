// The list of the studies that a server has, each with a link to its page. A link stays the same element, so that
// it keeps the focus while the list grows.

const items = new Map();

function show(list) {
  document.title = list.title;
  if (byId('list-title').textContent !== list.title) byId('list-title').textContent = list.title;
  const keys = new Set(list.studies.map((study) => study.key));
  for (const [key, item] of items) {
    if (keys.has(key)) continue;
    item.remove();
    items.delete(key);
  }
  for (const study of list.studies) {
    if (!items.has(study.key)) byId('list').append(entry(study));
    items.get(study.key).lastChild.textContent = study.error ? `: ${study.error}` : '';
  }
}

function entry({ key, label }) {
  const address = `?${new URLSearchParams({ study: label })}`;
  const item = el('li', {}, el('a', { href: address }, data(label)), el('span'));
  items.set(key, item);
  return item;
}

byId('undrawn').remove();
showTheme();
watchTheme(() => showTheme());
show(JSON.parse(byId('data').textContent));
listen(byId('data').dataset.events, show);
