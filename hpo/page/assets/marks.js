// The states of trials as marks: each a colour and a shape, so that no colour alone carries a meaning.

const GLYPHS = {
  completed: '\u25cf',
  stopped: '\u2715',
  paused: '\u25c6',
  running: '\u25b6',
  failed: '\u25bc',
};

function drawMark(context, state, x, y, size, many = false) {
  context.beginPath();
  if (state === 'completed') {
    drawDot(context, x, y, size, many);
  } else if (state === 'stopped') {
    cross(context, x, y, size * 0.85);
  } else if (state === 'paused') {
    polygon(context, [
      [x, y - size * 1.2],
      [x + size * 1.2, y],
      [x, y + size * 1.2],
      [x - size * 1.2, y],
    ]);
  } else if (state === 'failed') {
    polygon(context, [
      [x - size, y - size * 0.8],
      [x + size, y - size * 0.8],
      [x, y + size],
    ]);
  } else {
    polygon(context, [
      [x - size * 0.8, y - size],
      [x - size * 0.8, y + size],
      [x + size, y],
    ]);
  }
}

const MANY = 2000;

// Where there are many each dot is a square: so small it looks the same, and takes a fraction of the time.
function drawDot(context, x, y, size, many = false) {
  if (many) {
    context.fillRect(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8);
    return;
  }
  context.beginPath();
  context.arc(x, y, size, 0, 2 * Math.PI);
  context.fill();
}

function cross(context, x, y, size) {
  context.lineWidth = Math.max(1, size * 0.5);
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y - size);
  context.lineTo(x - size, y + size);
  context.stroke();
}

function polygon(context, corners) {
  corners.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fill();
}

function markColour(context, state) {
  context.fillStyle = colours[state];
  context.strokeStyle = colours[state];
}

// Points of trials: [x, y, state, emphasised] in pixels of the canvas. The best lies on top, ringed.
function drawPoints(context, points, ratio) {
  const many = points.length > MANY;
  const size = (many ? 2 : points.length > 300 ? 3 : 4) * ratio;
  context.save();
  context.globalAlpha = many ? 0.5 : 0.85;
  for (const state of STATES) {
    markColour(context, state);
    for (const [x, y, its] of points) if (its === state) drawMark(context, state, x, y, size, many);
  }
  context.globalAlpha = 1;
  context.strokeStyle = colours.ink;
  context.lineWidth = 2 * ratio;
  for (const [x, y, , best] of points) {
    if (!best) continue;
    context.beginPath();
    context.arc(x, y, size + 3 * ratio, 0, 2 * Math.PI);
    context.stroke();
  }
  context.restore();
}

const stateLabel = (state) =>
  el(
    'span',
    { class: `state ${state}` },
    el('span', { 'aria-hidden': 'true' }, GLYPHS[state] || '\u25cb'),
    ` ${state}`,
  );

function legendOf(items) {
  return el(
    'ul',
    { class: 'legend' },
    items.map(([name, text]) => el('li', {}, swatch(name), data(text, 60))),
  );
}

// A swatch is the mark of a state, a line of one of the page's colours, or a line of a given colour.
function swatch(name) {
  if (GLYPHS[name]) return el('span', { class: `swatch ${name}`, 'aria-hidden': 'true' }, GLYPHS[name]);
  const line = el('span', { class: 'swatch line', 'aria-hidden': 'true' });
  line.style.borderColor = name.startsWith('rgb') ? name : `var(--${name})`;
  return line;
}

const statesOf = (rows) => STATES.filter((state) => rows.some((row) => row.state === state));
const stateLegend = (rows, extra = []) =>
  legendOf([...extra, ...statesOf(rows).map((state) => [state, state])]);

// The colours from the best to the worst.
function gradient() {
  const bar = el('span', { class: 'gradient', 'aria-hidden': 'true' });
  const tints = [0, 0.25, 0.5, 0.75, 1].map((share) => onScale(share));
  bar.style.background = `linear-gradient(to right, ${tints.join(', ')})`;
  return bar;
}
