import { expect, test } from 'vitest'
import { openAnswerer } from './answer.ts'
import { service } from './index.ts'
import { guard, row, smallModel } from './testModel.ts'

/** Golden rows and their answers, as `pack` writes them. */
async function golden(): Promise<{ rows: unknown[]; outputs: Record<string, { data: (number | string)[] }> }> {
  const answerer = await openAnswerer(smallModel(), guard)
  const rows = [row, { ...row, amount: 0, units: null }]
  const outputs = await answerer.run(rows)
  await answerer.close()
  return {
    rows,
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [
        name,
        { data: Array.from(data as Float32Array, (x: number | bigint) => (typeof x === 'bigint' ? `${x}` : x)) },
      ]),
    ),
  }
}

const opened = async (text: string): Promise<void> => {
  const { close } = await service(smallModel({ 'mlpod.golden': text }), { name: 'small' })
  await close()
}

test('a model that answers its golden rows as it did opens; 1e-5 is allowed, more is not', async () => {
  const { rows, outputs } = await golden()
  const text = (change: number): string => {
    const changed = structuredClone(outputs)
    changed.probability.data[3] = (changed.probability.data[3] as number) + change
    return JSON.stringify({ rows, outputs: changed })
  }
  await opened(text(0))
  await opened(text(5e-6))
  await expect(opened(text(1e-3))).rejects.toMatchObject({
    code: 'SELF_TEST_FAILED',
    message: expect.stringMatching(/^golden row 1 is answered with probability 0\.\d+, not 0\.\d+$/),
  })
})

test('golden rows that cannot be read, or speak of other outputs, fail it too', async () => {
  const { rows, outputs } = await golden()
  for (const text of [
    'no JSON',
    '{}',
    '[]',
    'null',
    '{"rows":[],"outputs":{}}',
    '{"rows":[{}],"outputs":{"a":1}}',
    JSON.stringify({ rows, outputs: { ...outputs, other: { data: [1, 2] } } }),
    JSON.stringify({ rows: rows.slice(1), outputs }),
    JSON.stringify({ rows: [7, 8], outputs }),
  ])
    await expect(opened(text), text.slice(0, 40)).rejects.toMatchObject({ code: 'SELF_TEST_FAILED' })
})
