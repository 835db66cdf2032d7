// Contour: the value over two hyperparameters, smoothed over the trials near; the trials lie on top.

section('contour', 'Contour', (study, root) => {
  const its = parts(root, (content) => {
    const select = el('select', {
      on: {
        change: () => {
          its_.chosen = select.selectedIndex;
          stale('contour');
        },
      },
    });
    const its_ = { chosen: 0, select };
    content.append(el('div', { class: 'controls' }, el('label', { class: 'inline' }, 'Pair ', select)));
    its_.plot = new Plot(content, { height: 340, zoom: false });
    its_.bar = el('div', { class: 'scale-bar' });
    its_.finding = el('p', { class: 'finding' });
    content.append(its_.bar, its_.finding);
    return its_;
  });
  const found = study.shown === study.goal.name ? (study.analysis && study.analysis.contours) || [] : [];
  if (missing(its, found.length ? '' : noContour(study))) return;
  const names = found.map(({ x, y }) => `${cut(x, 30)} and ${cut(y, 30)}`);
  if (its.select.key !== names.join('\n')) {
    its.select.key = names.join('\n');
    refill(
      its.select,
      names.map((name) => el('option', {}, name)),
    );
    its.chosen = Math.min(its.chosen, names.length - 1);
    its.select.selectedIndex = its.chosen;
  }
  drawContour(study, its, found[its.chosen]);
});

function noContour(study) {
  if (study.shown !== study.goal.name) return `The surface is computed for ${cut(study.goal.name, 60)} only.`;
  if (!study.analysis) return 'It is computed when more results are there.';
  return 'There is no contour: it takes two hyperparameters and several results.';
}

function drawContour(study, its, surface) {
  const rows = study.valued;
  const scaleOf = (name) =>
    scaleFor(
      study.hyperparameters.find((entry) => entry.name === name) || { name },
      rows.map((row) => (row.config || {})[name]),
    );
  const [x, y] = [scaleOf(surface.x), scaleOf(surface.y)];
  const [low, high] = extent(surface.z.flat().map((value) => (value === null ? NaN : number(value))));
  const share = (value) => (study.sign < 0 ? high - value : value - low) / Math.max(high - low, 1e-300);
  const at = (scale, value) => scale.at(scale.kind === 'category' ? value : number(value));
  const points = pointsOf(
    study,
    rows,
    (row) => at(x, (row.config || {})[surface.x]),
    (row) => at(y, (row.config || {})[surface.y]),
    (row) => tipOf(study, row),
  );
  const pair = `${cut(surface.x, 60)} and ${cut(surface.y, 60)}`;
  const range = `from ${short(low)} to ${short(high)}`;
  const label = `${cut(study.shown, 60)} ${range} over ${pair}, ${sourceOf(surface)}.${bestCell(study, surface)}`;
  its.plot.show({
    x,
    y,
    xName: surface.x,
    yName: surface.y,
    points,
    label,
    paint(context, place) {
      paintCells(
        context,
        place,
        edgesOf(x, surface.xs),
        edgesOf(y, surface.ys),
        finer(surface.z, x, y),
        share,
      );
      paintRims(context, place, points);
    },
  });
  refill(
    its.bar,
    el('span', {}, short(study.sign < 0 ? high : low)),
    gradient(),
    el('span', {}, short(study.sign < 0 ? low : high)),
  );
  its.finding.textContent = label;
}

// What the surface is made of; the marks on it are all trials with a value.
function sourceOf({ epoch, trials }) {
  const those = trials ? ` from ${plural(trials, 'trial')}` : '';
  return epoch
    ? `smoothed${those} that reached epoch ${epoch}, by the value after it`
    : `smoothed${those}${trials ? ' that completed' : ''}`;
}

const named = (name, value) => `${cut(name, 40)} ${cut(short(value), 30)}`;

function bestCell(study, { x, y, xs, ys, z }) {
  let found = null;
  z.forEach((line, up) =>
    line.forEach((cell, across) => {
      if (cell !== null && (!found || (study.sign || 1) * number(cell) < (study.sign || 1) * found.value))
        found = { value: number(cell), across, up };
    }),
  );
  return found ? ` It is best near ${named(x, xs[found.across])} and ${named(y, ys[found.up])}.` : '';
}

const FINER = 4;

// Between the cells of two ranges the surface is drawn at four steps each; categories have nothing between
// them.
function finer(z, x, y) {
  const [across, up] = [x, y].map((scale) => (scale.kind === 'category' ? 1 : FINER));
  const value = (line, place) =>
    line && line[place] !== null && line[place] !== undefined ? number(line[place]) : null;
  const sample = (row, column) => {
    const near = value(z[Math.round(row)], Math.round(column));
    if (near === null) return null;
    const [top, left] = [Math.floor(row), Math.floor(column)];
    const [down, right] = [row - top, column - left];
    const corner = (line, place) => value(z[line], place) ?? near;
    return (
      (corner(top, left) * (1 - right) + corner(top, left + 1) * right) * (1 - down) +
      (corner(top + 1, left) * (1 - right) + corner(top + 1, left + 1) * right) * down
    );
  };
  const places = (count, steps) =>
    Array.from({ length: count * steps }, (_, index) =>
      Math.min(count - 1, Math.max(0, (index + 0.5) / steps - 0.5)),
    );
  return places(z.length, up).map((row) => places(z[0].length, across).map((column) => sample(row, column)));
}

// The edges of cells lie midway between their middles; those at the ends as far beyond.
function edgesOf(scale, middles) {
  const places = middles.map((value) => scale.at(scale.kind === 'category' ? value : number(value)) ?? NaN);
  const half = places.length > 1 ? (places[1] - places[0]) / 2 : 0.5;
  const between = places.slice(1).map((place, index) => (place + places[index]) / 2);
  const edges = [places[0] - half, ...between, places[places.length - 1] + half];
  if (scale.kind === 'category') return edges;
  return edges
    .slice(0, -1)
    .flatMap((edge, index) =>
      Array.from({ length: FINER }, (_, step) => edge + ((edges[index + 1] - edge) * step) / FINER),
    )
    .concat(edges[edges.length - 1]);
}

function paintCells(context, place, xs, ys, z, share) {
  z.forEach((line, up) =>
    line.forEach((cell, across) => {
      if (cell === null) return;
      const [left, right] = [place.x(xs[across]), place.x(xs[across + 1])];
      const [low, high] = [place.y(ys[up]), place.y(ys[up + 1])];
      // Ten steps of colour, whose borders are the lines of the contour.
      context.fillStyle = onScale((Math.floor(Math.min(0.999, share(cell)) * 10) + 0.5) / 10);
      context.fillRect(
        Math.floor(left),
        Math.floor(high),
        Math.ceil(right - left) + 1,
        Math.ceil(low - high) + 1,
      );
    }),
  );
}

// Marks over colours have a rim, so that they are seen on each of them.
function paintRims(context, place, points) {
  const size = (points.length > 500 ? 2 : 3.5) * place.ratio;
  const many = points.length > MANY;
  // The best one last, so that no other hides it.
  for (const point of [...points.filter((each) => !each.best), ...points.filter((each) => each.best)]) {
    const [x, y] = [place.x(point.x), place.y(point.y)];
    context.fillStyle = '#ffffff';
    drawDot(context, x, y, size + 1.5 * place.ratio, many && !point.best);
    context.fillStyle = point.best ? '#c2185b' : '#1b1f24';
    drawDot(context, x, y, point.best ? size * 1.4 : size, many && !point.best);
  }
}
