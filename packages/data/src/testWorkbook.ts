/** A workbook of two sheets, as its own small ZIP of stored files. */
export function workbook(): Buffer {
  const sheet = (cells: string): string =>
    `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${cells}</sheetData></worksheet>`
  const text = (at: string, value: string): string => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`
  const number = (at: string, value: number): string => `<c r="${at}"><v>${value}</v></c>`
  const row = (i: number, ...cells: string[]): string => `<row r="${i}">${cells.join('')}</row>`
  const relation = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  return zip({
    '[Content_Types].xml':
      '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    '_rels/.rels': `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${relation}"><sheets><sheet name="prices" sheetId="1" r:id="r1"/><sheet name="other" sheetId="2" r:id="r2"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${relation}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="${relation}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': sheet(
      row(1, text('A1', 'id'), text('B1', 'name'), text('C1', 'price')) +
        row(2, number('A2', 1), text('B2', 'a'), number('C2', 1.5)) +
        row(3, number('A3', 2), number('C3', 2)),
    ),
    'xl/worksheets/sheet2.xml': sheet(row(1, text('A1', 'x'))),
  })
}

function zip(files: Readonly<Record<string, string>>): Buffer {
  const [bodies, entries]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content)
    const head = (signature: number, more: readonly (readonly [2 | 4, number])[]): Buffer => {
      const parts = [[4, crc32(data)], [4, data.length], [4, data.length], [2, name.length], [2, 0], ...more] as const
      const buffer = Buffer.alloc(
        14 + (signature === 0x02014b50 ? 2 : 0) + parts.reduce((sum, [size]) => sum + size, 0),
      )
      let at = buffer.writeUInt32LE(signature)
      if (signature === 0x02014b50) at = buffer.writeUInt16LE(20, at)
      at = buffer.writeUInt16LE(20, at) + 8
      for (const [size, value] of parts)
        at = size === 2 ? buffer.writeUInt16LE(value, at) : buffer.writeUInt32LE(value, at)
      return buffer
    }
    bodies.push(head(0x04034b50, []), Buffer.from(name), data)
    entries.push(
      head(0x02014b50, [
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, offset],
      ]),
      Buffer.from(name),
    )
    offset = bodies.reduce((sum, { length }) => sum + length, 0)
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(Object.keys(files).length, 8)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...bodies, directory, end])
}

function crc32(data: Buffer): number {
  let crc = ~0
  for (const byte of data) {
    crc ^= byte
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}
