// What is pointed at, beside the pointer. All that it says stands in the table of trials too.

function showTip(x, y, text) {
  const tip = byId('tip');
  tip.textContent = cut(typeof text === 'function' ? text() : text, 400);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 14 + width > window.innerWidth ? Math.max(4, x - 14 - width) : x + 14;
  const top = y + 14 + height > window.innerHeight ? Math.max(4, y - 14 - height) : y + 14;
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}

function hideTip() {
  byId('tip').hidden = true;
}

function tipOf(study, row) {
  const lines = [`Trial ${row.id}, ${row.state}`];
  const value = study.valueOf(row);
  if (!Number.isNaN(value))
    lines.push(`${cut(study.shown, 30)} ${short(value)}${row.epoch ? ` at epoch ${row.epoch}` : ''}`);
  for (const [name, its] of Object.entries(row.config || {}).slice(0, 8))
    lines.push(`${cut(name, 30)} ${cut(short(its), 40)}`);
  return lines.join('\n');
}
