package geoscope.render;

import com.fasterxml.jackson.core.JsonGenerator;
import geoscope.spatial.PointInArea;
import java.io.IOException;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.json4s.JString;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Writes plans as JSON without loss: values to the bit, and of every class what tells two of its
 * expressions apart. Which of them mean something is the reader's business.
 */
final class PlanWriter {
  private final JsonGenerator json;

  PlanWriter(JsonGenerator json) {
    this.json = json;
  }

  void plan(LogicalPlan plan) throws IOException {
    json.writeStartObject();
    json.writeStringField("node", plan.getClass().getName());
    if (plan instanceof Project project) {
      expressions("list", project.projectList());
      child(project.child());
    } else if (plan instanceof Filter filter) {
      json.writeFieldName("condition");
      expression(filter.condition());
      child(filter.child());
    } else if (plan instanceof LogicalRelation relation
        && relation.relation() instanceof HadoopFsRelation onDisk) {
      relation(relation, onDisk);
    }
    json.writeEndObject();
  }

  private void child(LogicalPlan child) throws IOException {
    json.writeFieldName("child");
    plan(child);
  }

  private void relation(LogicalRelation relation, HadoopFsRelation onDisk) throws IOException {
    json.writeStringField("format", onDisk.fileFormat().getClass().getName());
    json.writeNumberField("partitions", onDisk.partitionSchema().length());
    json.writeArrayFieldStart("output");
    for (AttributeReference column : CollectionConverters.asJava(relation.output())) {
      expression(column);
    }
    json.writeEndArray();
    json.writeObjectFieldStart("options");
    Map<String, String> options = onDisk.options();
    for (var option : CollectionConverters.asJava(options).entrySet()) {
      json.writeStringField(option.getKey(), option.getValue());
    }
    json.writeEndObject();
    json.writeArrayFieldStart("files");
    for (String file : onDisk.location().inputFiles()) {
      json.writeString(java.net.URI.create(file).getPath());
    }
    json.writeEndArray();
  }

  /** Scala's traits over expressions are no expressions to Java. */
  private void expressions(String name, Seq<?> all) throws IOException {
    json.writeArrayFieldStart(name);
    for (Object each : CollectionConverters.asJava(all)) {
      expression((Expression) each);
    }
    json.writeEndArray();
  }

  private void expression(Expression expression) throws IOException {
    json.writeStartObject();
    json.writeStringField("op", expression.getClass().getName());
    if (expression.resolved()) {
      json.writeStringField("type", expression.dataType().catalogString());
    }
    if (expression instanceof Attribute attribute) {
      json.writeNumberField("id", attribute.exprId().id());
      json.writeStringField("name", attribute.name());
    } else if (expression instanceof Literal literal) {
      literal(literal);
    } else if (expression instanceof PointInArea predicate) {
      area(predicate);
    } else if (expression instanceof Alias alias) {
      json.writeNumberField("id", alias.exprId().id());
    } else {
      arguments(expression);
    }
    expressions("children", expression.children());
    json.writeEndObject();
  }

  /** Everything of an expression that is no expression: modes, types, time zones. */
  private void arguments(Expression expression) throws IOException {
    json.writeArrayFieldStart("arguments");
    for (int i = 0; i < expression.productArity(); i++) {
      Object element = expression.productElement(i);
      boolean isChild = element instanceof Expression || element instanceof Seq<?>;
      if (!isChild) {
        json.writeString(String.valueOf(element));
      }
    }
    json.writeEndArray();
  }

  private void literal(Literal literal) throws IOException {
    Object value = literal.value();
    json.writeFieldName("value");
    if (value == null) {
      json.writeNull();
    } else if (value instanceof Double number) {
      json.writeString(Long.toString(Double.doubleToRawLongBits(number)));
    } else if (value instanceof Float number) {
      json.writeString(Long.toString(Double.doubleToRawLongBits(number.doubleValue())));
    } else {
      json.writeString(value.toString());
    }
  }

  private void area(PointInArea predicate) throws IOException {
    for (var field : CollectionConverters.asJava(predicate.jsonFields())) {
      if (field._2() instanceof JString text) {
        json.writeStringField(field._1(), text.s());
      }
    }
  }
}
