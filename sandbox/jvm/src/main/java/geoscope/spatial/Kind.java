package geoscope.spatial;

import org.apache.sedona.common.geometrySerde.GeometrySerializer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.sedona_sql.UDT.GeometryUDT;
import org.apache.spark.sql.sedona_sql.expressions.SerdeAware;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.UTF8String;
import org.locationtech.jts.geom.Geometry;

/** The types that spatial functions take and give, each with its letter in a signature. */
enum Kind {
  GEOMETRY('g', new GeometryUDT()) {
    @Override
    boolean accepts(DataType type) {
      return type instanceof GeometryUDT || type instanceof StringType || type instanceof NullType;
    }

    @Override
    Object read(Expression child, InternalRow row) {
      // Sedona's and our own functions hand geometries on as they are.
      if (child instanceof SerdeAware aware) {
        return aware.evalWithoutSerialization(row);
      }
      return super.read(child, row);
    }

    @Override
    Object fromSpark(Object value) {
      return GeometrySerializer.deserialize((byte[]) value);
    }

    @Override
    Object toSpark(Object value) {
      return GeometrySerializer.serialize((Geometry) value);
    }
  },
  TEXT('s', DataTypes.StringType) {
    @Override
    boolean accepts(DataType type) {
      return type instanceof StringType || type instanceof NullType;
    }

    @Override
    Object fromSpark(Object value) {
      return value.toString();
    }

    @Override
    Object toSpark(Object value) {
      return UTF8String.fromString((String) value);
    }
  },
  NUMBER('d', DataTypes.DoubleType) {
    @Override
    boolean accepts(DataType type) {
      return type instanceof NumericType || type instanceof NullType;
    }
  },
  WHOLE('i', DataTypes.IntegerType) {
    @Override
    boolean accepts(DataType type) {
      return type instanceof NumericType || type instanceof NullType;
    }
  },
  BYTES('x', DataTypes.BinaryType),
  TRUTH('b', DataTypes.BooleanType);

  final char letter;
  final DataType type;

  Kind(char letter, DataType type) {
    this.letter = letter;
    this.type = type;
  }

  boolean accepts(DataType found) {
    return found.equals(type) || found instanceof NullType;
  }

  Object read(Expression child, InternalRow row) {
    Object value = child.eval(row);
    return value == null ? null : fromSpark(value);
  }

  Object fromSpark(Object value) {
    return value;
  }

  Object toSpark(Object value) {
    return value;
  }

  static Kind of(char letter) {
    for (Kind kind : values()) {
      if (kind.letter == letter) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no kind has the letter " + letter);
  }
}
