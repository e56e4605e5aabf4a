import type { Shift } from 'mlpod/ood'

/** Applications as they would come from another world: what a careful reader would send back. */
export const shifts: readonly Shift[] = [
  {
    name: 'incomes by the year, not by the month',
    columns: {
      atotinc: ({ mul }) => mul('atotinc', 12),
      cototinc: ({ mul }) => mul('cototinc', 12),
      hexp: ({ mul }) => mul('hexp', 12),
    },
  },
  {
    name: 'amounts in dollars, not in thousands',
    columns: {
      loanamt: ({ mul }) => mul('loanamt', 1000),
      price: ({ mul }) => mul('price', 1000),
      apr: ({ mul }) => mul('apr', 1000),
      appinc: ({ mul }) => mul('appinc', 1000),
    },
  },
  {
    name: 'ratios as shares, not per cent',
    columns: { hrat: ({ div }) => div('hrat', 100), obrat: ({ div }) => div('obrat', 100) },
  },
]
