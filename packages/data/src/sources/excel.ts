import { PodError } from '@mlpod/contract'
import { chosen } from './chosen.ts'
import type { Format } from './format.ts'
import { relationOfValues, type Value } from './values.ts'

/** Workbooks of Excel: a sheet whose first row names the columns. */
export const excelFiles: Format = {
  about: 'Excel workbooks (.xlsx): one sheet, its first row the names',
  extensions: ['.xlsx'],
  async open(path, name, { table }) {
    const { default: readSheets } = await import('read-excel-file/node')
    const sheets = await readSheets(path).catch((error: Error) => {
      throw new PodError('FILE_INVALID', `${name} is no Excel workbook: ${error.message}`, { at: path, cause: error })
    })
    const sheet = chosen(
      sheets.map((each) => each.sheet),
      table,
      { what: 'sheet', name },
    )
    const [header = [], ...rows] = sheets.find((each) => each.sheet === sheet)?.data ?? []
    const columns = new Map<string, Value[]>()
    header.forEach((title, i) => {
      const column = String(title ?? '').trim()
      if (column === '')
        throw new PodError('COLUMN_UNNAMED', `column ${i + 1} of the sheet "${sheet}" of ${name} has no name`, {
          hint: 'the first row of a sheet names its columns',
        })
      if (columns.has(column))
        throw new PodError('COLUMN_TWICE', `the sheet "${sheet}" of ${name} has two columns "${column}"`)
      columns.set(
        column,
        rows.map((row) => row[i] as Value),
      )
    })
    return relationOfValues(columns, `the sheet "${sheet}" of ${name}`)
  },
}
