import { didYouMean, type Json, PodError } from '@mlpod/contract'
import type { Severity } from '../expectations/expectation.ts'
import { type Fields, greatNames, kwargsOf, ourNames, readKwargs, writeKwargs } from './names.ts'
import { type Suite, type SuiteExpectation, type SuiteItem, suite } from './suite.ts'
import { readWindows, writeWindows } from './windows.ts'

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = (message: string, hint?: string): PodError => new PodError('SUITE_INVALID', message, { hint })

/** What the file was written by, where it was not read from one. */
const WRITTEN_FOR = '1.24.1'

/**
 * Returns a suite of Great Expectations 1.x, given as the JSON of its file (text or value). Nothing of it is lost: ids, notes, meta, severities,
 * parameters and rendered content come back in `toGreatExpectations`. Throws `SUITE_INVALID` for expectations and parameters that are not known,
 * with the nearest name, and `EXPECTATION_INVALID` for values that no table could fulfil.
 */
export function fromGreatExpectations(json: string | Json): Suite {
  let read: unknown = json
  if (typeof json === 'string')
    try {
      read = JSON.parse(json)
    } catch (error) {
      throw new PodError('SUITE_INVALID', 'the suite is no JSON', { cause: error })
    }
  if (!isRecord(read)) throw invalid('the suite is no JSON object')
  const { name, id, expectations, meta, notes, suite_parameters: parameters, ...kept } = read
  if (typeof name !== 'string' || name === '')
    throw invalid(
      'the suite has no name',
      'expectation_suite_name' in read
        ? 'files of Great Expectations before 1.0 call it expectation_suite_name: rename it'
        : undefined,
    )
  if (!Array.isArray(expectations)) throw invalid(`the suite "${name}" has no list of expectations`)
  return suite(
    name,
    expectations.map((item, i) => readItem(item as Json, `the expectation ${i} of the suite "${name}"`)),
    some({
      id: id ?? undefined,
      meta,
      notes,
      parameters,
      kept: Object.keys(kept).length > 0 || id === null ? some({ ...kept, ...(id === null ? { id } : {}) }) : undefined,
    }) as never,
  )
}

const some = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

function readItem(item: Json, where: string): SuiteItem {
  if (!isRecord(item)) throw invalid(`${where} is no JSON object`)
  const { type, kwargs = {}, id, meta, notes, severity, description, ...members } = item
  if (typeof type !== 'string') throw invalid(`${where} has no type`)
  const ours = ourNames.get(type)
  if (ours === undefined)
    throw invalid(`${where} is "${type}", which is not known${didYouMean(type, [...ourNames.keys()])}`)
  if (!isRecord(kwargs)) throw invalid(`${where} has no parameters (kwargs)`)
  const known = kwargsOf(ours)
  for (const key of Object.keys(kwargs))
    if (!known.includes(key)) throw invalid(`${where} (${type}) has no parameter "${key}"${didYouMean(key, known)}`)
  if (severity !== undefined && severity !== null && !['info', 'warning', 'critical'].includes(String(severity)))
    throw invalid(`${where} has the severity ${JSON.stringify(severity)}`, 'there are info, warning and critical')
  const { windows, ...others } = kwargs
  const { fields, rest } = readKwargs(ours, windows === null ? kwargs : others)
  const given = Object.entries(members)
  const expectation = some({
    type: ours,
    ...fields,
    severity: (severity ?? undefined) as Severity | undefined,
    description: description ?? undefined,
  }) as unknown as SuiteExpectation
  const nulls = some({
    severity: severity === null ? null : undefined,
    description: description === null ? null : undefined,
    id: id === null ? null : undefined,
  })
  const keptMembers = { ...Object.fromEntries(given), ...nulls }
  const kept = some({
    kwargs: Object.keys(rest).length > 0 ? rest : undefined,
    members: Object.keys(keptMembers).length > 0 ? keptMembers : undefined,
  })
  return some({
    expectation,
    id: (id ?? undefined) as string | undefined,
    meta,
    notes,
    windows: Array.isArray(windows) ? readWindows(windows as Fields[]) : undefined,
    kept: Object.keys(kept).length > 0 ? kept : undefined,
  })
}

/** Returns the configuration of one expectation in their words. */
export function toConfiguration({ expectation, id, meta, notes, windows, kept }: SuiteItem): Fields {
  const { type, severity, description } = expectation as unknown as {
    type: keyof typeof greatNames
    severity?: Json
    description?: Json
  }
  return some({
    type: greatNames[type].great,
    kwargs: some({
      ...kept?.kwargs,
      ...writeKwargs(type, expectation as unknown as Fields),
      windows: windows === undefined ? kept?.kwargs?.windows : writeWindows(windows),
    }) as Json,
    meta: meta ?? {},
    notes,
    severity,
    description,
    id,
    ...kept?.members,
  })
}

/**
 * Returns a suite as the JSON that Great Expectations 1.x reads. Throws `SUITE_INVALID` for row conditions that are trees of SQL or that
 * they have no word for.
 */
export function toGreatExpectations({ name, id, items, meta, notes, parameters, kept }: Suite): Fields {
  for (const { expectation } of items) {
    const { where } = expectation as { where?: unknown }
    if (
      where !== undefined &&
      typeof where !== 'string' &&
      !(isRecord(where) && Object.getPrototypeOf(where) === Object.prototype)
    )
      throw invalid(
        `the suite "${name}" has a row condition that is a tree of SQL`,
        'write it as a text or as plain data',
      )
  }
  return some({
    name,
    id,
    expectations: items.map((item) => toConfiguration(item)) as unknown as Json,
    suite_parameters: parameters,
    meta: meta ?? { great_expectations_version: WRITTEN_FOR },
    notes: notes ?? null,
    ...kept,
  })
}
