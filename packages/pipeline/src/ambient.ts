import { mentions, type Syntax } from './syntax.ts'

/**
 * Tells whether a module may depend on anything beside its own text and what it imports: time, chance, the environment,
 * files, the locale. A module that may not says the same whenever it is imported.
 * It errs on the side of yes: whatever is not known to be fixed is taken to change, also inside functions.
 */
export const isAmbient = (program: unknown): boolean => {
  const { body } = program as { body: readonly Syntax[] }
  return body.some(importsAmbient) || mentions(body, /^(AwaitExpression|ForOfStatement)$/, waits) || touches(body)
}

/** Our rooms and schemas only make values of what they are given; the rooms that look at files and clocks are left out. */
const DECLARATIVE = /^(zod|@?mlpod)(\/|$)(?!(serve|store|track)(\/|$))/

const importsAmbient = ({ source, importKind, exportKind }: Syntax): boolean => {
  const name = (source as { value: string } | null | undefined)?.value
  return (
    name !== undefined &&
    importKind !== 'type' &&
    exportKind !== 'type' &&
    !/^\.\.?\//.test(name) &&
    !DECLARATIVE.test(name)
  )
}

/** What a module waits for at its top comes from outside. */
const waits = ({ type, await: awaits }: Syntax): boolean => type === 'AwaitExpression' || awaits === true

/** Names of the language that mean the same everywhere; `Math` is one where it is not asked for chance. */
const FIXED = new Set(
  `Object Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Promise RegExp Error AggregateError
  EvalError RangeError ReferenceError SyntaxError TypeError URIError JSON ArrayBuffer Uint8Array Int8Array Uint16Array
  Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array Uint8ClampedArray Float32Array Float64Array Float16Array
  DataView Map BigInt Set Iterator WeakMap WeakSet Proxy Reflect decodeURI decodeURIComponent encodeURI encodeURIComponent
  isFinite isNaN URL URLSearchParams TextEncoder TextDecoder structuredClone atob btoa`.split(/\s+/),
)

const AMBIENT = new Set(
  [...Object.getOwnPropertyNames(globalThis), 'require', 'module', 'exports', '__filename', '__dirname'].filter(
    (name) => !FIXED.has(name),
  ),
)

/** Members that lead to the locale, from any function to code made of text, and from our own room to the disk. */
const isAmbientMember = (name: unknown): boolean =>
  typeof name === 'string' && /^(toLocale\w*|localeCompare|constructor|findPod)$/.test(name)

function touches(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(touches)
  if (typeof value !== 'object' || value === null) return false
  const part = value as Syntax
  const { type, object, property, key } = part as Syntax & Readonly<Record<'object' | 'property' | 'key', Syntax>>
  if (typeof type !== 'string') return Object.values(part).some(touches)
  if (type.startsWith('TS')) return touches(part.expression)
  if (type === 'Identifier') return AMBIENT.has(part.name as string)
  if (type === 'Literal') return isAmbientMember(part.value)
  if (type === 'MetaProperty') return (part.meta as Syntax).name === 'import'
  if (type === 'MemberExpression' && !part.computed) {
    const isMath = object.type === 'Identifier' && object.name === 'Math'
    return isMath ? property.name === 'random' : isAmbientMember(property.name) || touches(object)
  }
  if (type === 'ImportSpecifier') return isAmbientMember((part.imported as Syntax).name) || touches(part.local)
  if (key !== undefined && !part.computed)
    return isAmbientMember(key.name) || touches(part.value) || touches(part.decorators)
  return Object.values(part).some(touches)
}
