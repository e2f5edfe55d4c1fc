(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById('data').textContent);
  // Okabe and Ito's palette: told apart with every kind of colour vision.
  const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a6d00', '#7f7f7f'];
  const PALETTE_DARK = ['#56b4e9', '#f0925c', '#4cc79b', '#dd9cc0', '#e69f00', '#7fb2ff', '#c9b04a', '#a6a6a6'];
  const SYMBOLS = ['circle', 'diamond', 'triangle', 'rect', 'pin', 'roundRect'];
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
  const drawn = [];
  let printing = false;

  const dark = () => !printing && matchMedia('(prefers-color-scheme: dark)').matches;
  const looks = () => dark()
    ? { ink: '#e6eaee', soft: '#a2adb8', line: '#313a43', paper: '#14181c', wash: 'rgba(255,255,255,.045)',
        train: '#7d8894', main: '#56b4e9', target: '#f0925c', heat: ['#222a31', '#56b4e9'], palette: PALETTE_DARK }
    : { ink: '#1d2329', soft: '#5b6670', line: '#d9dee3', paper: '#ffffff', wash: 'rgba(40,60,80,.05)',
        train: '#9aa5b0', main: '#0072b2', target: '#d55e00', heat: ['#f1f4f7', '#0072b2'], palette: PALETTE };

  function three(value) {
    const size = Math.abs(value);
    return size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : value.toFixed(2);
  }
  function count(value, format = three) {
    let scaled = value, prefix = 0;
    while (Math.abs(scaled) >= 999.5 && prefix < 6) { scaled /= 1000; prefix++; }
    const digits = prefix === 0 && Number.isInteger(scaled) ? String(scaled) : format(scaled);
    return digits + ['', ' k', ' M', ' G', ' T', ' P', ' E'][prefix];
  }
  const FORMAT = {
    percent: value => value.toFixed(2) + ' %',
    plain: value => value.toFixed(4),
    count: value => count(value),
  };
  const tick = (unit, range) => value => axes.text(value, range.interval) + (unit === 'percent' ? ' %' : '');

  function axis(look, more) {
    return Object.assign({
      nameTextStyle: { color: look.soft, fontSize: 12, fontFamily: FONT },
      axisLabel: { color: look.soft, fontSize: 11, fontFamily: FONT, hideOverlap: true },
      axisLine: { show: true, lineStyle: { color: look.line } },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: look.line, opacity: .6 } },
    }, more);
  }
  function base(look) {
    return {
      animation: false, backgroundColor: 'transparent', textStyle: { fontFamily: FONT, color: look.ink },
      aria: { enabled: false },
      tooltip: {
        trigger: 'axis', confine: true, backgroundColor: look.paper, borderColor: look.line,
        textStyle: { color: look.ink, fontSize: 12, fontFamily: FONT },
      },
      legend: { type: 'scroll', top: 0, left: 0, itemWidth: 18, itemHeight: 9, icon: 'roundRect',
        pageTextStyle: { color: look.soft }, pageIconColor: look.ink, pageIconInactiveColor: look.line,
        textStyle: { color: look.ink, fontSize: 12, fontFamily: FONT } },
    };
  }
  /** An axis of epochs from the first to the last. */
  function epochs(look, series, most, more) {
    const { range, label } = axes.ends(series.flatMap(one => one.points.map(point => point[0])), most);
    const made = axis(look, { type: 'value', name: 'epoch', nameLocation: 'middle', ...range, splitLine: { show: false },
      axisPointer: { label: { formatter: point => 'epoch ' + Number(point.value.toFixed(2)) } }, ...more });
    made.axisLabel = { ...made.axisLabel, formatter: label };
    return made;
  }
  const padded = (low, high, share) => {
    const room = (high - low || Math.abs(high) || 1) * share;
    return [low - room, high + room];
  };

  function phaseMarks(chart, look, width) {
    const phases = chart.phases;
    if (phases.length === 0) return {};
    const span = phases[phases.length - 1].to - phases[0].from || 1;
    const bands = [], starts = [];
    phases.forEach((phase, i) => {
      const room = (phase.to - phase.from) / span * (width - 90);
      bands.push([
        { xAxis: phase.from, itemStyle: { color: i % 2 === 1 ? look.wash : 'transparent' },
          label: { show: phase.name.length * 6.5 < room, formatter: () => phase.name, position: 'top', distance: 4,
            color: look.soft, fontSize: 11, fontFamily: FONT } },
        { xAxis: phase.to },
      ]);
      if (i > 0) starts.push({ xAxis: phase.from, lineStyle: { color: look.line, type: 'solid', width: 1 }, label: { show: false } });
    });
    return { markArea: { silent: true, data: bands }, starts };
  }

  /** Where the vertical axis begins and ends: everything is in sight. */
  function extent(chart) {
    const all = chart.series.flatMap(series => series.points.map(point => point[1])).concat(chart.target ? [chart.target.value] : []);
    const low = axes.least(all), high = axes.largest(all);
    return chart.unit === 'percent' && low === high ? axes.linear(0, 100, 5) : axes.linear(chart.unit === 'count' ? 0 : low, high, 5);
  }

  /**
   * Where the trade-off's vertical axis begins and ends: a few outliers on the bad side, such as the step right after a
   * removal, do not press all others together. What is left out is counted.
   */
  function zoom(values, better) {
    const sorted = values.map(value => value * better).sort((a, b) => a - b);
    const at = share => sorted[Math.round(share * (sorted.length - 1))];
    const fence = at(.25) - 3 * (at(.75) - at(.25) || Math.abs(at(.25)) * .01);
    const worst = sorted.find(value => value >= Math.min(fence, values[values.length - 1] * better));
    const [from, to] = padded(worst, at(1), .12);
    const range = better > 0 ? axes.linear(from, to, 4) : axes.linear(Math.max(0, -to), -from, 4);
    const hidden = values.filter(value => better > 0 ? value < range.min : value > range.max).length;
    return { range, hidden };
  }

  function lines(chart, look, width) {
    const marks = phaseMarks(chart, look, width);
    const style = { train: [look.train, 1.25], heldout: [look.main, 2.25], cost: [look.main, 2.25] };
    const range = extent(chart);
    const option = base(look);
    option.grid = { left: 4, right: 14, top: (chart.series.length > 1 ? 24 : 4) + (chart.phases.length > 0 ? 20 : 6), bottom: 26, containLabel: true };
    option.legend.show = chart.series.length > 1;
    option.tooltip.valueFormatter = value => typeof value === 'number' ? FORMAT[chart.unit](value) : '–';
    option.xAxis = epochs(look, chart.series, width / 90, { nameGap: 26 });
    option.yAxis = axis(look, { type: 'value', ...range });
    option.yAxis.axisLabel = { ...option.yAxis.axisLabel, formatter: tick(chart.unit, range) };
    option.yAxis.axisLine = { show: false };
    option.series = chart.series.map((series, i) => {
      const [color, size] = style[series.role] ?? [look.palette[(i + 1) % look.palette.length], 2];
      const markers = series.role !== 'train' && series.points.length <= 60;
      const made = {
        name: series.name, type: 'line', data: series.points, color, lineStyle: { width: size, color },
        showSymbol: markers, symbolSize: 5, symbol: 'circle', step: series.role === 'cost' ? 'end' : false,
        sampling: series.points.length > 2000 ? 'lttb' : undefined, z: series.role === 'train' ? 2 : 3, clip: true,
        emphasis: { disabled: true },
      };
      if (i === 0) {
        made.markArea = marks.markArea;
        made.markLine = { silent: true, symbol: 'none', data: marks.starts ?? [] };
        if (chart.target) {
          made.markLine.data = made.markLine.data.concat([{
            yAxis: chart.target.value, lineStyle: { color: look.target, type: 'dashed', width: 1.5 },
            label: { show: true, formatter: () => chart.target.name, position: 'insideEndTop', color: look.target, fontSize: 11, fontFamily: FONT },
          }]);
        }
      }
      return made;
    });
    return option;
  }

  /** The horizontal axis halves the largest cost from tick to tick, so that equal steps are equal factors. */
  function tradeoff(chart, look) {
    const all = chart.series.flatMap(series => series.points).filter(point => point[0] > 0);
    const xs = all.map(point => point[0]), ys = all.map(point => point[1]);
    const full = Math.max(...xs), least = Math.min(...xs, chart.targetX ?? full) / full;
    const percent = chart.yUnit === 'percent', { range, hidden } = zoom(ys, percent ? 1 : -1);
    const option = base(look);
    const last = all[all.length - 1];
    option.legend.show = chart.series.length > 1;
    option.grid = { left: 4, right: 18, top: 44, bottom: 26, containLabel: true };
    option.tooltip.trigger = 'item';
    option.tooltip.formatter = item => echarts.format.encodeHTML(item.seriesName) + '<br>'
      + FORMAT[chart.yUnit](item.value[1]) + ' at ' + count(item.value[0] * full) + ' MACs';
    option.xAxis = axis(look, { type: 'log', logBase: 2, name: chart.xAxis + ' (log scale)', nameLocation: 'middle', nameGap: 26,
      min: Math.min(least / 1.3, .45), max: 1.15 });
    option.xAxis.axisLabel = { ...option.xAxis.axisLabel, formatter: share => count(share * full), showMinLabel: false, showMaxLabel: false };
    option.yAxis = axis(look, { type: 'value', ...range });
    option.yAxis.axisLabel = { ...option.yAxis.axisLabel, formatter: value => percent && value > 100 ? '' : tick(chart.yUnit, range)(value) };
    option.yAxis.axisLine = { show: false };
    if (hidden > 0) option.title = { text: hidden + (hidden === 1 ? ' evaluation lies ' : ' evaluations lie ') + (percent ? 'below' : 'above'),
      right: 18, [percent ? 'bottom' : 'top']: 50, padding: 0, textStyle: { color: look.soft, fontSize: 11, fontWeight: 'normal', fontFamily: FONT } };
    option.series = chart.series.map((series, i) => ({
      name: series.name, type: 'line', data: series.points.filter(point => point[0] > 0).map(([x, y]) => [x / full, y]), color: look.palette[i % look.palette.length],
      symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: 8, showSymbol: true,
      lineStyle: { width: 1, opacity: .35 }, emphasis: { disabled: true },
      markPoint: i === chart.series.length - 1 ? { silent: true, symbol: 'circle', symbolSize: 18,
        itemStyle: { color: 'transparent', borderColor: look.ink, borderWidth: 1.5 },
        label: { show: true, formatter: () => 'end', position: 'bottom', distance: 4, color: look.ink, fontSize: 11, fontFamily: FONT },
        data: [{ coord: [last[0] / full, last[1]] }] } : undefined,
      markLine: i === 0 && typeof chart.targetX === 'number' ? { silent: true, symbol: 'none', data: [{ xAxis: chart.targetX / full,
        lineStyle: { color: look.target, type: 'dashed', width: 1.5 },
        label: { show: true, formatter: () => 'target', position: 'end', distance: 4, color: look.target, fontSize: 11, fontFamily: FONT } }] } : undefined,
    }));
    return option;
  }

  const plain = value => Math.abs(value) >= 1e4 || value !== 0 && Math.abs(value) < 1e-3 ? axes.text(value, Math.abs(value) / 100)
    : String(Number(value.toPrecision(4)));

  /** Which columns begin a round epoch: at most so many, each with its epoch in as few digits as it needs. */
  function epochTicks(epochs, most) {
    const span = epochs[epochs.length - 1] - epochs[0] || 1;
    const step = [.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 50, 100, 200, 500].find(size => span / size <= most) ?? span;
    const ticks = new Map();
    let seen = Math.ceil(epochs[0] / step - .25) - 1;
    epochs.forEach((epoch, column) => {
      const reached = Math.floor(epoch / step + 1e-6);
      const tick = column === 0 ? Math.max(reached, seen + 1) : reached;
      if (tick > seen && (column > 0 || Math.abs(tick * step - epoch) <= step / 4)) {
        ticks.set(column, String(Number((tick * step).toFixed(2))));
        seen = tick;
      }
    });
    return ticks;
  }

  function heat(chart, look, width) {
    const option = base(look);
    const room = width < 500 ? 90 : 180;
    option.grid = { left: 4, right: 10, top: 8, bottom: 66, containLabel: true };
    option.legend.show = false;
    option.tooltip.trigger = 'item';
    option.tooltip.formatter = item => echarts.format.encodeHTML(chart.rows[item.value[1]]) + '<br>' + item.value[3] + ' units ('
      + Math.round(item.value[2] * 100) + ' %) at epoch ' + echarts.format.encodeHTML(chart.columns[item.value[0]]);
    option.xAxis = axis(look, { type: 'category', data: chart.columns, name: 'epoch', nameLocation: 'middle', nameGap: 26, splitLine: { show: false } });
    const ticks = epochTicks(chart.columns.map(Number), Math.max(2, Math.floor((width - room) / 60)));
    option.xAxis.axisLabel = { ...option.xAxis.axisLabel, interval: column => ticks.has(column), formatter: (text, column) => ticks.get(column) ?? '' };
    option.yAxis = axis(look, { type: 'category', data: chart.rows, inverse: true, splitLine: { show: false } });
    option.yAxis.axisLabel = { ...option.yAxis.axisLabel, width: room, overflow: 'truncate', interval: 0, hideOverlap: false };
    option.visualMap = { min: 0, max: 1, dimension: 2, calculable: false, orient: 'horizontal', left: 'center', bottom: 0,
      itemWidth: 12, itemHeight: 110, text: ['all kept', 'none'], textStyle: { color: look.soft, fontSize: 11, fontFamily: FONT },
      inRange: { color: look.heat } };
    option.series = [{ type: 'heatmap', data: chart.cells, emphasis: { disabled: true },
      itemStyle: { borderWidth: chart.columns.length > 80 ? 0 : 1, borderColor: look.paper } }];
    return option;
  }

  function phase(chart, look) {
    const option = base(look);
    option.grid = { left: 26, right: 18, top: 10, bottom: 90, containLabel: true };
    option.legend.show = false;
    option.tooltip.trigger = 'item';
    option.tooltip.formatter = item => Math.round(item.value[2] * 100) + ' % attract at<br>' + echarts.format.encodeHTML(chart.xAxis) + ' '
      + echarts.format.encodeHTML(chart.columns[item.value[0]]) + ', ' + echarts.format.encodeHTML(chart.yAxis) + ' ' + echarts.format.encodeHTML(chart.rows[item.value[1]]);
    option.xAxis = axis(look, { type: 'category', data: chart.columns, name: chart.xAxis, nameLocation: 'middle', nameGap: 26, splitLine: { show: false } });
    option.yAxis = axis(look, { type: 'category', data: chart.rows, name: chart.yAxis, nameLocation: 'middle', nameGap: 52, splitLine: { show: false } });
    option.visualMap = { min: 0, max: 1, dimension: 2, calculable: false, orient: 'horizontal', left: 'center', bottom: 0, seriesIndex: 0,
      itemWidth: 12, itemHeight: 110, text: ['all attract', 'none'], textStyle: { color: look.soft, fontSize: 11, fontFamily: FONT },
      inRange: { color: look.heat } };
    option.series = [{ type: 'heatmap', data: chart.cells, emphasis: { disabled: true }, itemStyle: { borderWidth: 1, borderColor: look.paper } },
      { type: 'scatter', data: [chart.asked], symbol: 'diamond', symbolSize: 11, color: look.target, silent: true, tooltip: { show: false } }];
    return option;
  }

  /** How many panels stand side by side, and how high one is. */
  const columns = width => Math.max(1, Math.min(3, Math.floor(width / 260)));
  const PANEL = 144;

  /** One small panel for each Space or weight; the same name has the same colour in all of them. */
  function multiples(chart, look, width) {
    const option = base(look), across = columns(width), top = chart.names.length > 1 ? 26 : 4;
    const span = width / across;
    option.legend.show = chart.names.length > 1;
    option.legend.data = chart.names;
    option.tooltip.valueFormatter = value => typeof value === 'number' ? plain(value) : '–';
    option.title = []; option.grid = []; option.xAxis = []; option.yAxis = []; option.series = [];
    chart.panels.forEach((panel, i) => {
      const left = (i % across) * span, y = top + Math.floor(i / across) * PANEL;
      option.title.push({ text: panel.name, left, top: y, padding: 0,
        textStyle: { color: look.ink, fontSize: 12, fontWeight: 'normal', fontFamily: FONT, width: span - 16, overflow: 'truncate' } });
      option.grid.push({ left: left + 2, top: y + 22, width: span - 18, height: PANEL - 50, containLabel: true });
      option.xAxis.push(epochs(look, panel.series, 5, { gridIndex: i, nameGap: 22 }));
      const values = panel.series.flatMap(series => series.points.map(point => point[1]));
      const range = axes.linear(axes.least(values), axes.largest(values), 3, chart.whole);
      const scale = axis(look, { type: 'value', gridIndex: i, ...range });
      scale.axisLabel = { ...scale.axisLabel, formatter: value => axes.text(value, range.interval) };
      scale.axisLine = { show: false };
      option.yAxis.push(scale);
      for (const series of panel.series) {
        const color = look.palette[chart.names.indexOf(series.name) % look.palette.length];
        option.series.push({ name: series.name, type: 'line', data: series.points, color, lineStyle: { width: 1.5, color },
          xAxisIndex: i, yAxisIndex: i, showSymbol: series.points.length <= 30, symbolSize: 4, symbol: 'circle', emphasis: { disabled: true } });
      }
    });
    return option;
  }
  const multiplesHeight = (chart, width) => (chart.names.length > 1 ? 26 : 4) + Math.ceil(chart.panels.length / columns(width)) * PANEL + 6;

  const scan = scanDrawings({ axis, base, FONT }), plots = plotDrawings({ axis, base, plain, SYMBOLS });
  const DRAWINGS = { lines, tradeoff, plot: plots.plot, bars: plots.bars, heat, phase, multiples, network: scan.network, spectra: scan.spectra, bar: scan.bar };
  const heights = (chart, width) => chart.kind === 'heat' ? Math.max(180, 96 + chart.rows.length * 20)
    : chart.kind === 'multiples' ? multiplesHeight(chart, width)
    : chart.kind === 'network' ? scan.height(chart) : chart.kind === 'bar' ? scan.barHeight(chart, width) : 0;
  function draw(item, width) {
    const look = looks();
    const height = heights(item.chart, width ?? item.place.clientWidth);
    if (height > 0) item.place.style.height = height + 'px';
    item.instance.resize({ width: width ?? 'auto', height: 'auto' });
    item.instance.setOption(DRAWINGS[item.chart.kind](item.chart, look, item.instance.getWidth()), true);
  }
  function show(chart) {
    const known = drawn.find(one => one.chart.id === chart.id);
    const place = document.getElementById('chart-' + chart.id);
    const item = known ?? { place };
    item.chart = chart;
    if (!known) {
      const height = heights(chart, place.clientWidth);
      if (height > 0) place.style.height = height + 'px';
      item.instance = echarts.init(place, null, { renderer: 'svg' });
      drawn.push(item);
    }
    draw(item);
    root.dataset.charts = String(drawn.length);
  }
  data.charts.forEach(show);
  const again = () => { if (!printing) drawn.forEach(item => draw(item)); };
  for (const button of document.querySelectorAll('[data-zoom]')) {
    const item = drawn.find(one => one.chart.kind === 'network');
    button.addEventListener('click', () => { scan.zoom(item.chart, Number(button.dataset.zoom)); draw(item); });
  }
  for (const select of document.querySelectorAll('select[data-chart]')) {
    const item = drawn.find(one => one.chart.id === select.dataset.chart);
    select.addEventListener('change', () => { item.chart.selected = Number(select.value); draw(item); });
  }
  sortableTables();
  draggableFrames();
  let waiting = 0;
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(again, 100); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  // A4 less its margins is 180 mm: 680 CSS pixels.
  let opened = [];
  addEventListener('beforeprint', () => {
    printing = true;
    root.classList.add('printing');
    opened = [...document.querySelectorAll('#details details:not([open]), .findings details:not([open])')];
    opened.forEach(details => { details.open = true; });
    drawn.forEach(item => draw(item, 680));
  });
  addEventListener('afterprint', () => {
    printing = false;
    root.classList.remove('printing');
    opened.forEach(details => { details.open = false; });
    again();
  });
  if (data.live) follow(data.live, show);
})();
