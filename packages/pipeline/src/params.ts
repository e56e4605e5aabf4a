import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonical, didYouMean, hashBytes, type Json, PodError } from '@mlpod/contract'
import { writeAtomic } from '@mlpod/store'
import type { AnyNode } from './node.ts'
import type { Parameter } from './param.ts'
import { inputParameters } from './pipeline.ts'

/** The values of a pod's parameters, and where each came from. */
export interface Params {
  /** Returns a parameter's value. Throws `PARAM_MISSING`, or `PARAM_TYPE` naming file, member, expected type and what was found. */
  value(parameter: Parameter<unknown>): Json
}

/** Which values to read. */
export interface ParamsOptions {
  /** Adds `params.<env>.yml` over `params.yml`. */
  readonly env?: string
  /** Values over all files, by dotted name (`train.rate`); from the command line. */
  readonly overrides?: Readonly<Record<string, Json>>
}

interface Layer {
  readonly source: string
  readonly values: Json
}

/**
 * Reads `params.yml`, then over it `params.<env>.yml`, `params.local.yml` and the overrides; members of objects are merged,
 * all else is replaced. Top-level names that begin with `_` are for YAML anchors and are not looked at.
 * Throws `PARAMS_MALFORMED` for what is no YAML mapping (naming the line), `PARAMS_MISSING` when there is no file for `env`,
 * `PARAM_UNKNOWN`, with the nearest name, for a value that no node of `nodes` reads, and `PARAM_SECRET` for what looks like a secret.
 */
export async function readParams(
  root: string,
  nodes: readonly AnyNode[],
  { env, overrides = {} }: ParamsOptions = {},
): Promise<Params> {
  const files = ['params.yml', ...(env === undefined ? [] : [`params.${env}.yml`]), 'params.local.yml']
  const cache = openYamlCache(join(root, '.mlpod', 'cache', 'params.json'))
  const layers: Layer[] = []
  for (const name of files) {
    const source = readText(join(root, name))
    if (source !== undefined) layers.push({ source: name, values: await cache.parse(source, name) })
    else if (env !== undefined && name === `params.${env}.yml`)
      throw new PodError('PARAMS_MISSING', `there is no file ${name} for the environment "${env}"`)
  }
  await cache.save()
  for (const [name, value] of Object.entries(overrides))
    layers.push({ source: 'command line', values: nest(name, value) })

  const declared = new Set(nodes.flatMap((node) => inputParameters(node).map(([, parameter]) => parameter.name)))
  for (const { source, values } of layers) {
    checkKnown(values, source, declared, nodes)
    checkSecrets(values, source)
  }
  return { value: (parameter) => resolve(parameter, layers) }
}

/** Value of one parameter: its default with each layer over it, each checked against the default's type. */
function resolve({ name, fallback }: Parameter<unknown>, layers: readonly Layer[]): Json {
  let value = fallback as Json | undefined
  for (const layer of layers) {
    const given = at(layer.values, name)
    if (given === undefined) continue
    checkType(given, fallback === undefined ? 0 : (fallback as Json), name, layer.source)
    value = merge(value, given)
  }
  if (value !== undefined) return value
  throw new PodError('PARAM_MISSING', `parameter "${name}" has no value and no default`, {
    hint: `add a number to params.yml:  ${name}: 0`,
  })
}

function at(values: Json | undefined, name: string): Json | undefined {
  let value: Json | undefined = values
  for (const part of name.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, part)) return undefined
    value = value[part]
  }
  return value
}

const nest = (name: string, value: Json): Json =>
  name.split('.').reduceRight<Json>((inner, part) => ({ [part]: inner }), value)

function merge(under: Json | undefined, over: Json): Json {
  if (!isRecord(under) || !isRecord(over)) return over
  const merged: Record<string, Json | undefined> = { ...under }
  for (const [key, value] of Object.entries(over)) merged[key] = merge(under[key], value as Json)
  return merged
}

/** Throws `PARAM_TYPE` unless `given` has the type of `model`: see `param`. */
function checkType(given: Json, model: Json, name: string, source: string): void {
  if (model === null) return
  const [expected, found] = [typeName(model), typeName(given)]
  if (expected !== found)
    throw new PodError('PARAM_TYPE', `parameter "${name}" must be ${expected}, not ${found} (${show(given)})`, {
      at: source,
      hint: expected === 'a number' ? 'write the number without quotes' : `write ${expected}, as in ${show(model)}`,
    })
  if (Array.isArray(model) && Array.isArray(given)) {
    if (model.length > 0) given.forEach((item, i) => void checkType(item, model[0], `${name}[${i}]`, source))
  } else if (isRecord(model) && isRecord(given)) {
    for (const [key, value] of Object.entries(given)) {
      if (!Object.hasOwn(model, key))
        throw new PodError(
          'PARAM_UNKNOWN',
          `parameter "${name}" has no member "${key}"${didYouMean(key, Object.keys(model))}`,
          { at: source },
        )
      checkType(value as Json, model[key] as Json, `${name}.${key}`, source)
    }
  }
}

/** Throws for values that no node reads: a mistyped name would otherwise change nothing, silently. */
function checkKnown(values: Json, source: string, declared: ReadonlySet<string>, nodes: readonly AnyNode[]): void {
  const visit = (value: Json, name: string): void => {
    if (declared.has(name)) return
    const above = [...declared].some((one) => one.startsWith(`${name}.`))
    if (above && isRecord(value)) {
      for (const [key, member] of Object.entries(value)) visit(member as Json, `${name}.${key}`)
      return
    }
    if ([...declared].some((one) => name.startsWith(`${one}.`))) return
    throw new PodError('PARAM_UNKNOWN', `no node reads a parameter "${name}"${didYouMean(name, declared)}`, {
      at: source,
      hint: nodes.length === 0 ? 'the pod has no nodes' : 'correct the name, or delete the line',
    })
  }
  if (isRecord(values))
    for (const [key, value] of Object.entries(values)) if (!key.startsWith('_')) visit(value as Json, key)
}

const SECRET_NAME = /(^|[_-])(password|passwd|secret|token|api_?key|access_?key|private_?key|credentials?)$/i
const SECRET_VALUE =
  /^(AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,}|github_pat_\w{22,}|sk-[\w-]{20,}|xox[abprs]-[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----)/

/** Throws `PARAM_SECRET` for what looks like a secret: parameters are written to the lock, to results and to the record of runs. */
function checkSecrets(value: Json | undefined, source: string, name = ''): void {
  if (
    typeof value === 'string' &&
    value !== '' &&
    (SECRET_NAME.test(name.split('.').at(-1)!) || SECRET_VALUE.test(value))
  )
    throw new PodError('PARAM_SECRET', `parameter "${name}" looks like a secret`, {
      at: source,
      because: 'parameters are written to mlpod.lock, to kept results and to the record of runs, which others can read',
      hint: 'let the node read it from an environment variable: process.env.NAME',
    })
  if (isRecord(value) || Array.isArray(value))
    for (const [key, member] of Object.entries(value))
      checkSecrets(member, source, name === '' ? key : `${name}.${key}`)
}

/**
 * Reads overrides as they are typed, `name=value`: numbers, `true`, `false`, `null`, JSON lists and objects; all else is text.
 * Throws `OVERRIDE_MALFORMED` for what has no `=`.
 */
export function parseOverrides(texts: readonly string[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      if (name === undefined)
        throw new PodError('OVERRIDE_MALFORMED', `"${text}" sets no parameter`, {
          hint: 'write name=value, as in train.rate=0.1',
        })
      return [name.trim(), scalar(value)]
    }),
  )
}

function scalar(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const isRecord = (value: Json | undefined): value is { readonly [key: string]: Json | undefined } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  bigint: 'an integer too large for a number',
}

const typeName = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : (TYPE_NAMES[typeof value] ?? 'an object')

const show = (value: Json): string => {
  const text = canonical(value)
  return text.length > 40 ? `${text.slice(0, 37)}...` : text
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Remembers what texts say, by their hash, so that the YAML parser (35 ms to load) is needed only when a file changed. */
function openYamlCache(path: string): { parse(text: string, name: string): Promise<Json>; save(): Promise<void> } {
  let known: Record<string, Json> = {}
  try {
    const cache = JSON.parse(readFileSync(path, 'utf8'))
    if (cache.version === 1) known = cache.texts
  } catch {
    // no cache, or not ours: parse again
  }
  const used: Record<string, Json> = {}
  return {
    async parse(text, name) {
      const hash = hashBytes(text)
      // JSON has no NaN or infinity, so a text with one is parsed each time.
      if (/\.(nan|inf)\b/i.test(text)) return await parseYaml(text, name)
      used[hash] = known[hash] ?? (await parseYaml(text, name))
      return used[hash]
    },
    async save() {
      if (Object.keys(used).every((hash) => hash in known)) return
      await writeAtomic(path, canonical({ version: 1, texts: used }))
    },
  }
}

async function parseYaml(text: string, name: string): Promise<Json> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true })
  const [error] = document.errors
  if (error !== undefined)
    throw new PodError(
      'PARAMS_MALFORMED',
      `${name} is no YAML: ${error.message.split('\n')[0].replace(/ at line.*$/, '')}`,
      {
        at: `${name}:${error.linePos?.[0].line ?? 1}`,
      },
    )
  const value = document.toJS() as Json
  if (value === null) return {}
  if (!isRecord(value))
    throw new PodError('PARAMS_MALFORMED', `${name} must hold names and values, not ${typeName(value)}`, {
      at: `${name}:1`,
    })
  return value
}
