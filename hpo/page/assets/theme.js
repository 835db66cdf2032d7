// Light and dark: as the system has it, until the button says otherwise. Paper is always light.

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const paper = window.matchMedia('print');
let chosen = readTheme();
let colours = {};
let onPaper = paper.matches;

// A page in a sandbox has no storage; the choice then lasts as long as the page.
function readTheme() {
  try {
    return window.localStorage.getItem('hpo-theme');
  } catch {
    return null;
  }
}

function keepTheme(name) {
  try {
    window.localStorage.setItem('hpo-theme', name);
  } catch {
    /* it lasts as long as the page */
  }
}

function showTheme(printed = paper.matches) {
  onPaper = printed;
  const name = printed ? 'light' : chosen || (dark.matches ? 'dark' : 'light');
  document.documentElement.setAttribute('data-theme', name);
  byId('theme').textContent = name === 'dark' ? 'Light' : 'Dark';
  byId('theme').setAttribute(
    'aria-label',
    name === 'dark' ? 'Show in light colours' : 'Show in dark colours',
  );
  const style = getComputedStyle(document.documentElement);
  const names = [
    'ink',
    'ink-2',
    'line',
    'paper',
    'panel',
    'accent',
    ...STATES,
    'dim',
    'scale-0',
    'scale-1',
    'scale-2',
    'scale-3',
    'scale-4',
    ...Array.from({ length: 8 }, (_, index) => `series-${index}`),
  ];
  colours = Object.fromEntries(names.map((each) => [each, style.getPropertyValue(`--${each}`).trim()]));
}

// A colour between those of the scale, from 0 (the best) to 1.
function onScale(share, alpha = 1) {
  const at = Math.min(1, Math.max(0, Number.isNaN(share) ? 1 : share)) * 4;
  const index = Math.min(3, Math.floor(at));
  const [one, other] = [hex(colours[`scale-${index}`]), hex(colours[`scale-${index + 1}`])];
  const mixed = one.map((part, place) => Math.round(part + (other[place] - part) * (at - index)));
  return `rgba(${mixed.join(',')},${alpha})`;
}

const hex = (text) => [1, 3, 5].map((place) => parseInt(text.slice(place, place + 2), 16));
