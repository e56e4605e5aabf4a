import { readFileSync } from 'node:fs'
import { type DataType, type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import { apply } from './apply.ts'
import * as g from './index.ts'
import { arrayOf } from './leaf.ts'
import type { OperatorName } from './schemas/index.ts'
import { checkOperator, close, run } from './testOperators.ts'
import { type Attribute, type Dim, dtypeOf, isFloating, type Value } from './value.ts'

interface Plain {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly data: readonly (number | string | boolean)[]
}

interface Entry {
  readonly type: OperatorName
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly inputs: readonly (Plain | null)[]
  readonly outputs: readonly (Plain | null)[]
  /** The sizes must be known before a run. */
  readonly fixed?: boolean
  readonly gradients?: readonly (Plain['data'] | null)[]
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../conformance/graph/operators.json', import.meta.url), 'utf8'),
) as { readonly cases: Readonly<Record<string, Entry>> }

const tensorOf = ({ dtype, shape, data }: Plain): Tensor =>
  tensor(
    dtype,
    shape,
    arrayOf(
      dtype,
      dtype === 'string' || dtype === 'bool' ? data : data.map((x) => (typeof x === 'string' ? Number(x) : x)),
    ),
  )

const attributeOf = (attribute: Attribute): Attribute =>
  attribute.kind === 'float'
    ? { kind: 'float', value: Number(attribute.value) }
    : attribute.kind === 'tensor'
      ? { kind: 'tensor', value: tensorOf(attribute.value as unknown as Plain) }
      : attribute

/** Builds a case: floating inputs are fed, with sizes known or named, others are constants. */
function built({ type, attributes, inputs, outputs }: Entry, named: boolean) {
  const feeds: Record<string, Tensor> = {}
  const x = inputs.map((plain, i) => {
    if (plain === null) return null
    const value = tensorOf(plain)
    if (!plain.dtype.startsWith('float')) return g.constant(value)
    feeds[`x${i}`] = value
    const dims: readonly Dim[] = named ? plain.shape.map((_, axis) => `d${i}_${axis}`) : plain.shape
    return g.input(`x${i}`, plain.dtype, dims)
  })
  const made = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)]))
  // The runtime takes fewer equations than there are: the function writes them out.
  if (type === 'Einsum')
    return { x, feeds, outputs: [g.einsum(String(made.equation.value), ...(x as readonly Value[]))] }
  return { x, feeds, outputs: apply(type, x, made, { outputs: outputs.length }) }
}

describe.each(Object.entries(cases))('%s', (_, entry) => {
  const expected = entry.outputs.map((plain) => plain && tensorOf(plain))

  test.each(entry.fixed ? [false] : [false, true])('gives what the peers give (unknown sizes: %s)', async (named) => {
    const tolerance = entry.inputs[0]?.dtype === 'float64' ? 1e-14 : undefined
    await checkOperator({ ...built(entry, named), expected, tolerance })
  })

  const { gradients } = entry
  if (gradients === undefined) return
  test.each(entry.fixed ? [false] : [false, true])(
    'has the derivatives of torch (unknown sizes: %s)',
    async (named) => {
      const { x, feeds, outputs } = built(entry, named)
      const floating = outputs.map((value, i) => [value, expected[i]] as const).filter(([value]) => isFloating(value))
      const weights = floating.map(([, like]) =>
        g.constant(
          tensor(
            like!.dtype,
            like!.shape,
            arrayOf(
              like!.dtype,
              Array.from({ length: like!.data.length }, (_, k) => Math.cos(k)),
            ),
          ),
        ),
      )
      const wrt = x.filter((value, i): value is Value => value !== null && gradients[i] !== null)
      const found = g.vjp(
        floating.map(([value]) => value),
        wrt,
        weights,
      )
      const results = await run(
        Object.fromEntries(found.map((value, i) => [wrt[i].name!.replace('x', 'g'), value])),
        feeds,
      )
      for (const [i, data] of gradients.entries()) {
        if (data === null) continue
        const { shape } = entry.inputs[i]!
        close(results[`g${i}`], tensorOf({ dtype: dtypeOf(x[i]!)!, shape, data }), `gradient by input ${i}`)
      }
    },
  )
})

test('no operator is left out by a misspelt name', () => {
  expect(Object.keys(cases).length).toBeGreaterThan(30)
})
