import { mentions, type Syntax } from './syntax.ts'

/**
 * Packages whose calls at the top of a module only make values: our own constructors of nodes, datasets and promises, and
 * schemas. What they make can be left out of the code of a node that does not reach it.
 */
const isPure = (source: string): boolean => /^(@mlpod\/|mlpod(\/|$)|zod(\/|$))/.test(source)

/** A module's text with the places that may change; which of them do depends on the node whose code is told. */
export interface Analysis {
  readonly code: string
  /** Packages that are imported for their effects alone (`import 'x'`). */
  readonly effects: readonly string[]
  /** The module's own name of each of its exports. */
  readonly locals: ReadonlyMap<string, string>
  /** Constants of the top level, in order; `reduced` and `droppable` are what may stand in their place. */
  readonly constants: readonly {
    readonly name?: string
    readonly start: number
    readonly end: number
    /** The `run` of a `node({ ... })`. */
    readonly reduced?: string
    /** The value, marked as droppable when nothing refers to it. */
    readonly droppable?: string
  }[]
}

/** Looks at a module; `program` is its syntax tree. */
export function analyze(code: string, program: unknown): Analysis {
  const { body } = program as { body: readonly Syntax[] }
  const pure = new Set<string>()
  const effects: string[] = []
  for (const statement of body) {
    if (statement.type !== 'ImportDeclaration') continue
    const source = (statement.source as { value: string }).value
    const specifiers = statement.specifiers as readonly { local: { name: string } }[]
    if (specifiers.length === 0) effects.push(source)
    if (isPure(source)) for (const { local } of specifiers) pure.add(local.name)
  }
  const text = (part: Syntax): string => code.slice(part.start, part.end)
  const found = constants(body).map(({ name, value }) => {
    const reduced = runOf(value, pure, text)
    const marks = hasPureCall(value, pure) && isDroppable(value, pure)
    return {
      ...(name !== undefined && { name }),
      start: value.start,
      end: value.end,
      ...(reduced !== undefined && { reduced }),
      ...(marks && { droppable: `/* @__PURE__ */ (() => (${text(value)}))()` }),
    }
  })
  return { code, effects, locals: localNames(body), constants: found }
}

/**
 * Prepares a module of a pod for telling one node's code from all other code in it:
 * - the constant exported as `target`, when it is a `node({ ... })`, is reduced to its `run`, so that its inputs, outputs
 *   and settings (which enter the run key by themselves, or not at all) are not part of its code;
 * - every other constant made by pure calls is marked as droppable when nothing refers to it.
 */
export function reduceModule({ code, locals, constants: all }: Analysis, target?: string): string {
  const local = target === undefined ? undefined : locals.get(target)
  let reduced = ''
  let from = 0
  for (const { name, start, end, reduced: run, droppable } of all) {
    const text = (name !== undefined && name === local ? run : undefined) ?? droppable
    if (text === undefined) continue
    reduced += code.slice(from, start) + text
    from = end
  }
  return reduced + code.slice(from)
}

/** The module's own name of each of its exports; what is re-exported from elsewhere has none. */
function localNames(body: readonly Syntax[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const statement of body) {
    if (statement.type === 'ExportDefaultDeclaration') {
      const value = statement.declaration as Syntax
      names.set('default', value.type === 'Identifier' ? (value.name as string) : DEFAULT)
    }
    if (statement.type !== 'ExportNamedDeclaration' || statement.source) continue
    for (const { local, exported } of statement.specifiers as readonly { local: Named; exported: Named }[])
      names.set((exported.name ?? exported.value)!, local.name!)
    const { declarations = [] } = (statement.declaration ?? {}) as { declarations?: readonly { id: Named }[] }
    for (const { id } of declarations) if (id.name !== undefined) names.set(id.name, id.name)
  }
  return names
}

interface Named {
  readonly name?: string
  readonly value?: string
}

/** Stands for the name of a default export that has none. */
const DEFAULT = '*default*'

/** The constants of a module's top level with their initial values. */
function constants(body: readonly Syntax[]): { name?: string; value: Syntax }[] {
  const found: { name?: string; value: Syntax }[] = []
  for (const statement of body) {
    const declaration = (
      statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    ) as Syntax | null
    if (declaration?.type === 'VariableDeclaration')
      for (const { id, init } of declaration.declarations as readonly { id: Syntax; init: Syntax | null }[])
        if (init !== null) found.push({ name: id.name as string | undefined, value: init })
    if (statement.type === 'ExportDefaultDeclaration') {
      const value = statement.declaration as Syntax
      if (!/Declaration$/.test(value.type)) found.push({ name: DEFAULT, value })
    }
  }
  return found
}

/** The text of the `run` of a `node({ ... })` call; undefined when the value is something else or has parts that are not plain members. */
function runOf(value: Syntax, pure: ReadonlySet<string>, text: (part: Syntax) => string): string | undefined {
  const call = unwrap(value)
  if (call.type !== 'CallExpression' || !pure.has(rootOf(call) ?? '')) return undefined
  const [definition, ...rest] = (call.arguments as readonly Syntax[]).map(unwrap)
  if (rest.length > 0 || definition?.type !== 'ObjectExpression') return undefined
  const members = definition.properties as readonly Syntax[]
  if (members.some((member) => member.type !== 'Property' || member.computed)) return undefined
  const run = members.find((member) => ((member.key as Named).name ?? (member.key as Named).value) === 'run')
  if (run === undefined) return undefined
  if (run.method) return `({ ${text(run)} }).run`
  return `(${text(run.value as Syntax)})`
}

const WRAPPERS =
  /^(ParenthesizedExpression|TSAsExpression|TSSatisfiesExpression|TSNonNullExpression|TSTypeAssertion|ChainExpression)$/

const unwrap = (value: Syntax): Syntax => (WRAPPERS.test(value.type) ? unwrap(value.expression as Syntax) : value)

/** The name at the left end of `a.b(c).d(e)`. */
function rootOf(value: Syntax): string | undefined {
  const inner = unwrap(value)
  if (inner.type === 'Identifier') return inner.name as string
  const next = inner.callee ?? inner.object ?? inner.tag
  return next === undefined ? undefined : rootOf(next as Syntax)
}

const isCall = ({ type }: Syntax): boolean => type === 'CallExpression' || type === 'TaggedTemplateExpression'

/** Tells whether making the value has no effect: pure calls (with whatever arguments), and literals of such. */
function isDroppable(value: Syntax, pure: ReadonlySet<string>): boolean {
  const inner = unwrap(value)
  if (isCall(inner)) return pure.has(rootOf(inner) ?? '') && !mentions(inner, /^(Await|Yield)Expression$/)
  if (inner.type === 'ObjectExpression')
    return (inner.properties as readonly Syntax[]).every((member) =>
      member.type === 'Property'
        ? !member.computed && isDroppable(member.value as Syntax, pure)
        : isDroppable(member.argument as Syntax, pure),
    )
  if (inner.type === 'ArrayExpression')
    return (inner.elements as readonly (Syntax | null)[]).every(
      (item) => item === null || isDroppable(item.type === 'SpreadElement' ? (item.argument as Syntax) : item, pure),
    )
  return (
    /^(Literal|Identifier|MemberExpression|ArrowFunctionExpression|FunctionExpression|TemplateLiteral)$/.test(
      inner.type,
    ) && !mentions(inner, /^(Call|New|Await|Assignment|Update)Expression$/)
  )
}

const hasPureCall = (value: Syntax, pure: ReadonlySet<string>): boolean =>
  mentions(value, /^(CallExpression|TaggedTemplateExpression)$/, (call) => pure.has(rootOf(call) ?? ''))
