import { expect, expectTypeOf, test } from 'vitest'
import { defineCatalog, json, node, param, pipeline, text } from './index.ts'

interface Loan {
  readonly amount: number
}
interface Person {
  readonly age: number
}

const catalog = defineCatalog({
  loans: json<readonly Loan[]>('data/loans.json'),
  people: json<readonly Person[]>(),
  total: json<number>(),
  report: text('build/report.txt'),
})

test('what a node reads and returns is known from its handles without annotation', () => {
  const sum = node({
    name: 'sum',
    inputs: {
      loans: catalog.loans,
      rate: param('rate', 0.1),
      seed: param('seed'),
      tree: param('tree', { depth: 3, names: ['a'] }),
    },
    outputs: { total: catalog.total },
    run: ({ loans, rate, seed, tree }, context) => {
      expectTypeOf(loans).toEqualTypeOf<readonly Loan[]>()
      expectTypeOf(rate).toEqualTypeOf<number>()
      expectTypeOf(seed).toEqualTypeOf<number>()
      expectTypeOf(tree).toEqualTypeOf<{ readonly depth: number; readonly names: readonly string[] }>()
      context.log('n', loans.length)
      return { total: loans.reduce((s, loan) => s + loan.amount * rate, 0) }
    },
  })
  expect(pipeline([sum]).nodes).toEqual([sum])
})

test('what late returns is typed in the context', () => {
  node({
    name: 'verify',
    inputs: { total: catalog.total },
    outputs: {},
    late: async () => ({ look: 3 }),
    run: (_, context) => {
      expectTypeOf(context.late).toEqualTypeOf<{ look: number }>()
    },
  })
})

test('a node that is fed the wrong data, or makes it, does not compile', () => {
  const mean = ({ loans }: { readonly loans: readonly Loan[] }) => ({ total: loans.length })
  node({ name: 'right', inputs: { loans: catalog.loans }, outputs: { total: catalog.total }, run: mean })
  // @ts-expect-error people are no loans
  node({ name: 'wrong', inputs: { loans: catalog.people }, outputs: { total: catalog.total }, run: mean })
  // @ts-expect-error the argument has another name
  node({ name: 'wrong', inputs: { rows: catalog.loans }, outputs: { total: catalog.total }, run: mean })
  node({
    name: 'wrong',
    inputs: { loans: catalog.loans },
    outputs: { report: catalog.report },
    // @ts-expect-error a number is no text
    run: () => ({ report: 1 }),
  })
  // @ts-expect-error the output is not returned
  node({ name: 'wrong', inputs: { loans: catalog.loans }, outputs: { report: catalog.report }, run: () => ({}) })
  // @ts-expect-error nothing is returned
  node({ name: 'wrong', inputs: { loans: catalog.loans }, outputs: { report: catalog.report }, run: () => {} })
  node({
    name: 'wrong',
    inputs: { rate: param('rate', 1) },
    outputs: { report: catalog.report },
    // @ts-expect-error a parameter with a numeric default is no string
    run: ({ rate }) => ({ report: rate }),
  })
  // @ts-expect-error a dataset that is not in the catalog
  catalog.lones
  expect(true).toBe(true)
})
