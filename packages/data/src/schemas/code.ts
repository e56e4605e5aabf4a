import { PodError } from '@mlpod/contract'
import type { RowSchema } from '../schema.ts'

const isName = (text: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text)

/**
 * Returns a schema as a module in TypeScript: a constant of the schema, and the type of its rows under the same name. Throws
 * `NAME_INVALID` for a name that no constant can have.
 */
export function schemaCode(
  { columns, ...options }: RowSchema,
  { name = 'Row', from = 'mlpod/data' }: { readonly name?: string; readonly from?: string } = {},
): string {
  if (!isName(name)) throw new PodError('NAME_INVALID', `no constant can be named ${JSON.stringify(name)}`)
  const lines = Object.entries(columns).map(([column, { type, nullable, ...rest }]) => {
    const stated = { ...(nullable && { nullable }), ...rest }
    return `  ${key(column)}: ${type}(${Object.keys(stated).length > 0 ? literalOf(stated) : ''}),`
  })
  const used = [...new Set(Object.values(columns).map(({ type }) => type))]
  const words = [...used, 'rowSchema'].sort()
  const more = Object.keys(options).length > 0 ? `, ${literalOf(options)}` : ''
  return [
    `import { ${words.join(', ')}, type RowOf } from ${JSON.stringify(from)}`,
    '',
    `export const ${name} = rowSchema({`,
    ...lines,
    `}${more})`,
    `export type ${name} = RowOf<typeof ${name}>`,
    '',
  ].join('\n')
}

const key = (name: string): string => (isName(name) ? name : JSON.stringify(name))
/** A value of JSON as an expression. */
function literalOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, v]) => v !== undefined)
  return `{ ${members.map(([name, v]) => `${key(name)}: ${literalOf(v)}`).join(', ')} }`
}
