package geoscope.tables;

import org.apache.spark.sql.catalyst.catalog.ExternalCatalog;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** What the agent asks after every statement, in one call instead of a dozen over the gateway. */
public final class CatalogMark {
    private CatalogMark() {}

    /** A number that changes when any table or database is made, altered or dropped. */
    public static long of(ExternalCatalog catalog) {
        Seq<String> databases = catalog.listDatabases();
        long mark = databases.hashCode();
        for (String database : CollectionConverters.asJava(databases)) {
            Seq<String> tables = catalog.listTables(database);
            mark = 1_000_003L * mark + catalog.getTablesByName(database, tables).hashCode();
        }
        return mark;
    }
}
