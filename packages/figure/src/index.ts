export { toHtml, toSvg, toTable, toText } from './draw.ts'
export { escapeHtml, formatNumber, formatRate } from './format.ts'
export { colour, type TextTable, verdictGlyph } from './kind.ts'
export { kinds } from './kinds/index.ts'
