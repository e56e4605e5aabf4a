import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '@mlpod/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AnyNode, defineCatalog, json, node, type Parameter, param } from './index.ts'
import { type ParamsOptions, parseOverrides, readParams } from './params.ts'

const { out } = defineCatalog({ out: json() })
const declared = {
  rate: param('train.rate', 0.1),
  tree: param('tree', { depth: 3, names: ['a'], deep: { on: true } }),
  any: param('any', null),
  seed: param('seed'),
}
const nodes: readonly AnyNode[] = [node({ name: 'n', inputs: declared, outputs: { out }, run: () => ({ out: 1 }) })]

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'params-'))
})
afterEach(() => rmSync(root, { recursive: true }))
const write = (name: string, text: string): void => writeFileSync(join(root, name), text)

const value = async (parameter: Parameter<never> | Parameter<unknown>, options?: ParamsOptions): Promise<Json> =>
  (await readParams(root, nodes, options)).value(parameter as Parameter<unknown>)
const refusal = async (
  parameter: Parameter<unknown> = declared.rate as Parameter<unknown>,
  options?: ParamsOptions,
): Promise<unknown> => await value(parameter, options).catch((error) => [error.code, error.at, error.message])

test('a default stands until a file says otherwise', async () => {
  expect(await value(declared.rate)).toBe(0.1)
  expect(await value(declared.tree)).toEqual({ depth: 3, names: ['a'], deep: { on: true } })
})

test('later layers win, member by member: params, environment, local, command line', async () => {
  write('params.yml', 'train: { rate: 1 }\ntree: { depth: 5 }\nseed: 1\n')
  write('params.prod.yml', 'tree:\n  deep: { on: false }\nseed: 2\n')
  write('params.local.yml', 'seed: 3\n')
  expect(await value(declared.rate)).toBe(1)
  expect(await value(declared.seed)).toBe(3)
  expect(await value(declared.tree)).toEqual({ depth: 5, names: ['a'], deep: { on: true } })
  expect(await value(declared.tree, { env: 'prod' })).toEqual({ depth: 5, names: ['a'], deep: { on: false } })
  expect(await value(declared.seed, { overrides: { seed: 4 } })).toBe(4)
  expect(await value(declared.tree, { overrides: { 'tree.depth': 9 } })).toMatchObject({ depth: 9, names: ['a'] })
})

test('what is read twice is the same, whether parsed or remembered', async () => {
  write('params.yml', '_base: &b { depth: 4 }\ntree: *b\nany: .nan\nseed: 1e3\n')
  for (let i = 0; i < 2; i++) {
    expect(await value(declared.tree)).toMatchObject({ depth: 4 })
    expect(await value(declared.any)).toBeNaN()
    expect(await value(declared.seed)).toBe(1000)
  }
})

test('a value of the wrong type, name or shape is refused with file, name and expectation', async () => {
  const cases: [string, Parameter<unknown>, string, string, string][] = [
    [
      'train: { rate: "0.1" }',
      declared.rate,
      'PARAM_TYPE',
      'params.yml',
      'parameter "train.rate" must be a number, not a string ("0.1")',
    ],
    ['seed: abc', declared.seed, 'PARAM_TYPE', 'params.yml', 'parameter "seed" must be a number, not a string ("abc")'],
    ['tree: 3', declared.tree, 'PARAM_TYPE', 'params.yml', 'parameter "tree" must be an object, not a number (3)'],
    [
      'tree: { depth: null }',
      declared.tree,
      'PARAM_TYPE',
      'params.yml',
      'parameter "tree.depth" must be a number, not null (null)',
    ],
    [
      'tree: { names: [a, 1] }',
      declared.tree,
      'PARAM_TYPE',
      'params.yml',
      'parameter "tree.names[1]" must be a string, not a number (1)',
    ],
    [
      'tree: { depht: 1 }',
      declared.tree,
      'PARAM_UNKNOWN',
      'params.yml',
      'parameter "tree" has no member "depht" (did you mean "depth"?)',
    ],
    [
      'train: { ratee: 1 }',
      declared.rate,
      'PARAM_UNKNOWN',
      'params.yml',
      'no node reads a parameter "train.ratee" (did you mean "train.rate"?)',
    ],
    [
      'sead: 1',
      declared.rate,
      'PARAM_UNKNOWN',
      'params.yml',
      'no node reads a parameter "sead" (did you mean "seed"?)',
    ],
    ['train: 1', declared.rate, 'PARAM_UNKNOWN', 'params.yml', 'no node reads a parameter "train"'],
    ['a: 1\na: 2', declared.rate, 'PARAMS_MALFORMED', 'params.yml:2', 'params.yml is no YAML: Map keys must be unique'],
    ['a: [1', declared.rate, 'PARAMS_MALFORMED', 'params.yml:1', 'params.yml is no YAML'],
    ['- 1', declared.rate, 'PARAMS_MALFORMED', 'params.yml:1', 'params.yml must hold names and values, not a list'],
  ]
  for (const [text, parameter, code, at, message] of cases) {
    write('params.yml', text)
    const found = (await refusal(parameter)) as string[]
    expect([text, ...found.slice(0, 2), found[2].slice(0, message.length)]).toEqual([text, code, at, message])
  }
})

test('a parameter without default must be given, and an environment must have its file', async () => {
  expect(await refusal(declared.seed)).toEqual([
    'PARAM_MISSING',
    undefined,
    'parameter "seed" has no value and no default',
  ])
  expect(await refusal(undefined, { env: 'prod' })).toEqual([
    'PARAMS_MISSING',
    undefined,
    'there is no file params.prod.yml for the environment "prod"',
  ])
  expect(await refusal(undefined, { overrides: { rat: 1 } })).toMatchObject([
    'PARAM_UNKNOWN',
    'command line',
    expect.anything(),
  ])
})

test('what looks like a secret is refused, since parameters are written where others can read them', async () => {
  for (const text of [
    'any: { api_key: abc }',
    'any: { db-password: abc }',
    'any: [AKIAABCDEFGHIJKLMNOP]',
    'any: { token: x }',
  ]) {
    write('params.yml', text)
    expect([text, await refusal(declared.any)]).toEqual([text, ['PARAM_SECRET', 'params.yml', expect.anything()]])
  }
  write('params.yml', 'any: { max_tokens: 5, token: 3, tokenizer: words, password: "" }')
  expect(await value(declared.any)).toMatchObject({ token: 3 })
})

test('overrides are read as they are typed', () => {
  expect(parseOverrides(['a=1', 'b.c=true', 'd=[1,2]', 'e=x=y', 'f=', 'g=1e-3'])).toEqual({
    a: 1,
    'b.c': true,
    d: [1, 2],
    e: 'x=y',
    f: '',
    g: 0.001,
  })
  expect(() => parseOverrides(['a'])).toThrow(expect.objectContaining({ code: 'OVERRIDE_MALFORMED' }))
})

test('an empty file says nothing', async () => {
  write('params.yml', '# nothing yet\n')
  expect(await value(declared.rate)).toBe(0.1)
})
