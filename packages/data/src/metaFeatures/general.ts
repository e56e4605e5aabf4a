import type { MetaGroup } from './group.ts'
import type { MetaTable } from './table.ts'

const categorical = ({ attributes }: MetaTable): number => attributes.filter((a) => a.categorical).length
const ratio = (a: number, b: number): number => (b === 0 ? Number.NaN : a / b)

/** Sizes and shares. Source: pymfe 0.4, group `general`. */
export const general = {
  attr_to_inst: ({ attributes, n }) => attributes.length / n,
  inst_to_attr: ({ attributes, n }) => n / attributes.length,
  cat_to_num: (t) => ratio(categorical(t), t.attributes.length - categorical(t)),
  num_to_cat: (t) => ratio(t.attributes.length - categorical(t), categorical(t)),
  freq_class: ({ classes, n }) => classes.map((count) => count / n),
  nr_attr: ({ attributes }) => attributes.length,
  nr_bin: ({ attributes }) => attributes.filter(({ distinct }) => distinct === 2).length,
  nr_cat: categorical,
  nr_class: ({ classes }) => classes.length,
  nr_inst: ({ n }) => n,
  nr_num: (t) => t.attributes.length - categorical(t),
} as const satisfies MetaGroup
