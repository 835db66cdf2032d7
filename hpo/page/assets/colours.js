// The colours of the theme that is shown, for what is painted on a canvas.

let colours = {};

function readColours() {
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
