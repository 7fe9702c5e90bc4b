package geoscope.render;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.sedona_sql.UDT.GeometryUDT;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import scala.jdk.javaapi.CollectionConverters;

/** What the renderer must know of a map's SQL before it runs, told in one call. */
public final class MapPlan {
  private static final JsonFactory JSON = new JsonFactory();

  private final SparkSession session;
  private final org.apache.spark.sql.classic.Dataset<Row> frame;
  private final LogicalPlan optimized;

  private MapPlan(SparkSession session, String sql) {
    PlainCoordinates.register(session);
    this.session = session;
    this.frame = (org.apache.spark.sql.classic.Dataset<Row>) session.sql(sql);
    this.optimized = frame.queryExecution().optimizedPlan();
  }

  /** Parse, resolve and optimise; throws what Spark throws. */
  public static MapPlan of(org.apache.spark.sql.SparkSession session, String sql) {
    return new MapPlan((SparkSession) session, sql);
  }

  /** The frame of the SQL. */
  public Dataset<Row> frame() {
    return frame;
  }

  /** Columns, settings, what may be kept and why not, files, and the plan itself, as JSON. */
  public String describe() throws IOException {
    StringWriter text = new StringWriter(4096);
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      columns(json);
      String settings = settings(json);
      Lasting lasting = Lasting.of(frame.queryExecution().analyzed(), optimized);
      json.writeStringField("fleeting", lasting.reason());
      if (lasting.reason() == null) {
        json.writeNumberField("identity", Identities.of(optimized.canonicalized(), settings));
      }
      strings(json, "roots", lasting.roots());
      strings(json, "files", lasting.files());
      json.writeFieldName("plan");
      new PlanWriter(json).plan(optimized);
      json.writeEndObject();
    }
    return text.toString();
  }

  private void columns(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("columns");
    for (StructField field : frame.schema().fields()) {
      json.writeStartObject();
      json.writeStringField("name", field.name());
      json.writeStringField("kind", kind(field.dataType()));
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static String kind(DataType type) {
    if (type instanceof GeometryUDT) {
      return "geometry";
    }
    if (type instanceof NumericType) {
      return "numeric";
    }
    return type instanceof StringType ? "text" : "other";
  }

  /** The settings that somebody set on this session: any of them may change what a plan gives. */
  private String settings(JsonGenerator json) throws IOException {
    Map<String, String> all =
        new TreeMap<>(CollectionConverters.asJava(session.sessionState().conf().getAllConfs()));
    json.writeObjectFieldStart("settings");
    for (Map.Entry<String, String> setting : all.entrySet()) {
      if (setting.getKey().startsWith("spark.sql.")) {
        json.writeStringField(setting.getKey(), setting.getValue());
      }
    }
    json.writeEndObject();
    return all.toString();
  }

  private static void strings(JsonGenerator json, String name, Iterable<String> values)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }
}
