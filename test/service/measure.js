// Runs inside a copy of a page, in a frame of the width to be tested, and tells the frame's parent what it sees.
addEventListener('load', () => {
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = ([r, g, b]) =>
    [r, g, b]
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
  const behind = (element) => {
    // text on a bar of a drawing
    const bar = element.closest('[fill*="--on-series"]')?.closest('svg').querySelector('[fill*="--series-1"]')
    if (bar) return parse(getComputedStyle(bar).fill)
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = parse(getComputedStyle(at).backgroundColor)
      if (alpha > 0.99) return [r, g, b]
    }
    return [255, 255, 255]
  }
  const contrast = (element) => {
    const { fill, color } = getComputedStyle(element)
    const ink = parse(element instanceof SVGElement && fill !== 'none' ? fill : color)
    const [high, low] = [luminance(ink), luminance(behind(element))].sort((a, b) => b - a)
    return (high + 0.05) / (low + 0.05)
  }
  const speaks = (element) =>
    element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
  const overflowing = () =>
    [...document.body.querySelectorAll('*')]
      .filter((element) => element.checkVisibility() && !element.closest('.scroll table'))
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
      .map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}`)
  const folded = overflowing()
  for (const details of document.querySelectorAll('details')) details.open = true
  parent.postMessage(
    {
      width: innerWidth,
      scrollWidth: document.documentElement.scrollWidth,
      dark: matchMedia('(prefers-color-scheme: dark)').matches,
      background: getComputedStyle(document.body).backgroundColor,
      resources: performance.getEntriesByType('resource').map(({ name }) => name),
      overflowing: [...folded, ...overflowing()],
      drawings: [...document.querySelectorAll('figure svg[role=img]')].filter((svg) => svg.checkVisibility()).length,
      faint: [...document.body.querySelectorAll('*')]
        .filter(speaks)
        .filter((element) => contrast(element) < 4.5)
        .map((element) => `${element.textContent.slice(0, 40)} ${contrast(element).toFixed(2)}`),
    },
    '*',
  )
})
