/** What names of types mean: every type of the engine that they stand for. */
const INTS = [
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
]
const FLOATS = ['FLOAT', 'DOUBLE']
const TIMES = ['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMP WITH TIME ZONE']
const ZONED = ['TIMESTAMP WITH TIME ZONE']
const TEXTS = ['VARCHAR', 'ENUM']

const named = (types: readonly string[], names: string): [string, readonly string[]][] =>
  names.split(' ').map((name) => [name, types])

/**
 * The names of types in pandas and NumPy, Python, SQL, Arrow, Polars and Spark, and the types of the engine that they mean. Names are looked
 * up as they are written first: `FLOAT` is a type of SQL, `float` any number with a fraction.
 */
const MEANINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ...named(INTS, 'int integer Integer INT_ANY numbers.Integral'),
  ...named(['BIGINT'], 'int64 Int64 i8 BIGINT BigInteger LongType long LONG INT64 INT8 bigint Long'),
  ...named(['INTEGER'], 'int32 Int32 i4 INTEGER INT INT4 IntegerType INT32 SIGNED'),
  ...named(['SMALLINT'], 'int16 Int16 i2 SMALLINT SmallInteger ShortType short INT2 INT16 smallint'),
  ...named(['TINYINT'], 'int8 Int8 i1 TINYINT ByteType byte INT1 tinyint'),
  ...named(['UBIGINT'], 'uint64 UInt64 UBIGINT'),
  ...named(['UINTEGER'], 'uint32 UInt32 UINTEGER'),
  ...named(['USMALLINT'], 'uint16 UInt16 USMALLINT'),
  ...named(['UTINYINT'], 'uint8 UInt8 UTINYINT'),
  ...named(['HUGEINT'], 'HUGEINT INT128'),
  ...named(FLOATS, 'float Float float_ number REAL_ANY'),
  ...named(['DOUBLE'], 'float64 Float64 f8 DOUBLE DOUBLE_PRECISION DoubleType double FLOAT8 FLOAT64 Double'),
  ...named(['FLOAT'], 'float32 Float32 f4 FLOAT REAL FloatType FLOAT4 FLOAT32'),
  ...named(['DECIMAL'], 'DECIMAL NUMERIC Decimal DecimalType decimal numeric NUMBER decimal128 Numeric'),
  ...named(['BOOLEAN'], 'bool bool_ boolean BOOL BOOLEAN BooleanType Boolean LOGICAL'),
  ...named(TEXTS, 'str string String object O str_ VARCHAR TEXT CHAR CHARACTER NVARCHAR STRING StringType Utf8'),
  ...named(
    TEXTS,
    'utf8 large_string large_utf8 string[python] string[pyarrow] varchar text VarcharType CharType BPCHAR',
  ),
  ...named(['ENUM', 'VARCHAR'], 'category Categorical ENUM dictionary'),
  ...named(['DATE'], 'date DATE DateType date32 date32[day] Date datetime.date'),
  ...named(TIMES, 'datetime datetime64 datetime64[ns] datetime64[us] datetime64[ms] datetime64[s] Timestamp timestamp'),
  ...named(
    TIMES,
    'TIMESTAMP DATETIME TimestampType DateTime Datetime TIMESTAMP_NTZ TimestampNTZType datetime.datetime',
  ),
  ...named(ZONED, 'TIMESTAMPTZ TIMESTAMP_TZ TIMESTAMP_WITH_TIME_ZONE DatetimeTZDtype datetime64[ns,UTC]'),
  ...named(['TIME', 'TIME WITH TIME ZONE'], 'time TIME time64 time32 datetime.time'),
  ...named(['INTERVAL'], 'timedelta timedelta64 timedelta64[ns] INTERVAL Timedelta duration DayTimeIntervalType'),
  ...named(['BLOB'], 'bytes BLOB BINARY VARBINARY BYTEA BinaryType binary large_binary Binary'),
  ...named(['LIST', 'ARRAY'], 'list ARRAY ArrayType LIST large_list array'),
  ...named(['STRUCT', 'MAP'], 'dict STRUCT StructType struct MAP MapType map'),
  ...named(['UUID'], 'uuid UUID'),
])

const UPPER: ReadonlyMap<string, readonly string[]> = new Map(
  [...MEANINGS].reverse().map(([name, types]) => [name.toUpperCase(), types]),
)

/** Every name that is understood. */
export const typeNames: readonly string[] = [...MEANINGS.keys()]

/** Returns the types of the engine that a name stands for; undefined for names that nothing is known of. */
export function meaningOf(name: string): readonly string[] | undefined {
  const bare = name.replace(/\(.*\)$/, '').replace(/^(np|numpy|pd|pa|pl|sa|pyspark\.sql\.types)\./, '')
  return MEANINGS.get(bare) ?? UPPER.get(bare.toUpperCase())
}

/** The engine's type without its parameters: `DECIMAL(18,3)` is DECIMAL, `INTEGER[]` LIST. */
export const baseType = (sqlType: string): string =>
  sqlType.endsWith('[]') ? 'LIST' : /\]$/.test(sqlType) ? 'ARRAY' : sqlType.replace(/\(.*$/s, '')

/** Tells whether a type of the engine has one of some names. */
export const isOfType = (sqlType: string, names: readonly string[]): boolean =>
  names.some((name) => meaningOf(name)?.includes(baseType(sqlType)) ?? name.toUpperCase() === sqlType.toUpperCase())
