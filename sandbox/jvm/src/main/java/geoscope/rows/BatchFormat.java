package geoscope.rows;

import java.io.Serializable;
import org.apache.spark.sql.types.StructType;

/** How rows become batches: their columns, the zone that times are labelled with, the size. */
record BatchFormat(StructType schema, String zone, long batchBytes) implements Serializable {}
