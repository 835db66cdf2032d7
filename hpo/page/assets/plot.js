// A chart in uPlot's frame: axes, grid, cursor and zoom are uPlot's, what is drawn inside is the section's.
// Both axes run from 0 to 1; what stands at a place is the business of the scales (see scales.js).

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const ROOM = 0.03;
const plots = new Set();

class Plot {
  constructor(parent, { height = 260, zoom = true } = {}) {
    this.height = height;
    this.zoom = zoom;
    this.name = el('p', { class: 'axis-name up' });
    this.picture = el('div', { class: 'plot', role: 'img' });
    this.across = el('p', { class: 'axis-name across' });
    this.root = el('figure', { class: 'chart' }, this.name, this.picture, this.across);
    parent.append(this.root);
    this.frame = null;
    this.spec = null;
    // The size is taken in the next frame, so that it cannot change within the one that asks for it.
    this.watch = new ResizeObserver(() => requestAnimationFrame(() => this.fit()));
    this.watch.observe(this.picture);
    plots.add(this);
  }

  end() {
    this.watch.disconnect();
    if (this.frame) this.frame.destroy();
    this.root.remove();
    plots.delete(this);
  }

  // spec: x and y scales, their names, `paint(context, place)`, `points` to point at, `label` for a screen
  // reader.
  show(spec) {
    this.spec = spec;
    refill(this.name, data(spec.yName, 60));
    refill(this.across, data(spec.xName, 60));
    this.picture.setAttribute('aria-label', cut(spec.label, 600));
    if (!this.frame) this.make();
    else this.redraw();
  }

  make() {
    const width = this.picture.clientWidth;
    if (!width) return;
    const [low, high] = this.ends();
    this.frame = new uPlot(
      {
        width,
        height: this.height,
        padding: [10, 14, 0, 0],
        legend: { show: false },
        cursor: {
          show: true,
          y: false,
          x: false,
          points: { show: false },
          drag: { x: this.zoom, y: false, dist: 8 },
        },
        scales: {
          x: { time: false, range: (_, from, to) => [from, to] },
          y: { range: () => [-ROOM, 1 + ROOM] },
        },
        axes: [this.axis('x'), this.axis('y')],
        series: [{}, { show: true, stroke: 'transparent', points: { show: false } }],
        hooks: { draw: [(frame) => this.paint(frame)] },
      },
      [
        [low, high],
        [null, null],
      ],
      this.picture,
    );
    this.frame.over.addEventListener('pointermove', (event) => this.point(event));
    this.frame.over.addEventListener('pointerleave', hideTip);
    this.frame.over.addEventListener('click', (event) => this.choose(event));
  }

  ends() {
    return this.spec.x.kind === 'category' ? [0, 1] : [-ROOM, 1 + ROOM];
  }

  axis(side) {
    const scale = () => this.spec[side];
    const most = (frame) =>
      Math.max(
        2,
        Math.floor(side === 'x' ? frame.width / (scale().kind === 'category' ? 90 : 80) : this.height / 45),
      );
    return {
      stroke: () => colours['ink-2'],
      font: FONT,
      grid: { stroke: () => colours.line, width: 1 },
      ticks: { show: false },
      gap: 6,
      size:
        side === 'x'
          ? 28
          : (_, labels) => 12 + 7 * Math.max(2, ...(labels || []).map((label) => label.length)),
      splits: (frame, index, from, to) =>
        scale()
          .ticks(most(frame), Math.max(0, from), Math.min(1, to))
          .map((tick) => tick.at),
      values: (frame, places) => {
        const named = new Map(
          scale()
            .ticks(most(frame), ...this.zoomed(frame, side))
            .map((tick) => [tick.at, tick.text]),
        );
        return places.map((place) =>
          canvasText(named.get(place) ?? scale().text(scale().from(place)), side === 'x' ? 11 : 14),
        );
      },
      filter: (frame, places) => places,
    };
  }

  zoomed(frame, side) {
    const { min, max } = frame.scales[side];
    return [Math.max(0, min ?? 0), Math.min(1, max ?? 1)];
  }

  paint(frame) {
    const { left, top, width, height } = frame.bbox;
    const ratio = frame.pxRatio || window.devicePixelRatio || 1;
    const place = {
      left,
      top,
      width,
      height,
      ratio,
      x: (at) => frame.valToPos(at, 'x', true),
      y: (at) => frame.valToPos(at, 'y', true),
    };
    frame.ctx.save();
    frame.ctx.beginPath();
    frame.ctx.rect(left, top, width, height);
    frame.ctx.clip();
    this.spec.paint(frame.ctx, place);
    frame.ctx.restore();
  }

  // A zoom stays while data arrive; only what the axis begins and ends with may have moved.
  redraw() {
    const { min, max } = this.frame.scales.x;
    const [low, high] = this.frame.data[0];
    const whole = min === low && max === high;
    this.frame.setData([this.ends(), [null, null]], whole);
    if (!whole) this.frame.redraw(false, true);
  }

  fit() {
    const width = this.picture.clientWidth;
    if (!width || !this.spec) return;
    if (!this.frame) this.make();
    else if (width !== this.frame.width) this.frame.setSize({ width, height: this.height });
  }

  nearest(event) {
    const box = this.frame.over.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let found = null;
    let closest = 24 ** 2;
    for (const point of this.spec.points || []) {
      const far = (this.frame.valToPos(point.x, 'x') - x) ** 2 + (this.frame.valToPos(point.y, 'y') - y) ** 2;
      if (far < closest) [found, closest] = [point, far];
    }
    return found;
  }

  point(event) {
    const found = this.nearest(event);
    this.frame.over.classList.toggle('on-point', Boolean(found && found.trial !== undefined));
    if (found) showTip(event.clientX, event.clientY, found.text);
    else hideTip();
  }

  choose(event) {
    const found = this.nearest(event);
    if (found && found.trial !== undefined) showTrial(found.trial);
  }
}

// The points of trials on two scales, as `Plot` points at them and `drawPoints` draws them.
function pointsOf(study, rows, x, y, text) {
  const best = study.best;
  const found = [];
  for (const row of rows) {
    const [across, up] = [x(row), y(row)];
    if (across === null || up === null) continue;
    found.push({
      x: across,
      y: up,
      trial: row.id,
      state: row.state,
      best: row === best,
      text: () => text(row),
    });
  }
  return found;
}

function paintPoints(context, place, points) {
  drawPoints(
    context,
    points.map((each) => [place.x(each.x), place.y(each.y), each.state, each.best]),
    place.ratio,
  );
}
