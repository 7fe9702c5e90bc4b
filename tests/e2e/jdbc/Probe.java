import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.List;
import java.util.Properties;
import java.util.StringJoiner;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * What a program sees through AsterixDB's JDBC driver, a line for each fact, so that two servers can be compared with diff.
 *
 * <pre>java -cp asterix-jdbc-driver-0.9.8.3-dist.jar Probe.java jdbc:asterixdb://127.0.0.1:8080 [user password]</pre>
 *
 * The driver's jar is on AsterixDB's download page. It makes the dataverse `probe`, and drops one of that name.
 */
public class Probe {
    private static final String VISITS =
        "create type VisitType as { id: int, place: string, tip: double?, moment: datetime?, day: date?, hour: time?,"
            + " tags: [string]?, small: int8?, code: uuid?, good: boolean?, took: duration?, part: float? }";
    private static final String ROWS =
        "insert into visits ([{'id': 1, 'place': 'Harlem', 'tip': 2.5, 'moment': datetime('2020-01-02T03:04:05.678Z'),"
            + " 'day': date('2020-02-29'), 'hour': time('12:34:56.789Z'), 'tags': ['a', 'b'], 'small': tinyint('7'),"
            + " 'code': uuid('5c848e5c-6b6a-498f-8452-8847a2957421'), 'good': true, 'took': duration('P1Y2DT3H'),"
            + " 'part': float('1.25'), 'extra': {'x': [1, null]}}, {'id': 2, 'place': 'Midtown', 'tip': null},"
            + " {'id': 3, 'place': '\u00dcn\u00ef \u2603'}])";
    private static final String SLOW = "select x from range(1, 200000000) x where x < 0";
    private static final List<String> STATEMENTS = List.of(
        "select v.id, v.place, v.tip, v.moment, v.day, v.hour, v.tags, v.small, v.code, v.good, v.took, v.part, v.extra"
            + " from visits v order by v.id",
        "select v.* from visits v order by v.id",
        "select * from visits v where v.id = 1",
        "select value {'a': v.id, 'b': v.place} from visits v order by v.id",
        "select value v.id from visits v",
        "select 1, 'a' as b, null as n, missing as m, 1.5 as d, true as t, [1] as l, {'x': 1} as o",
        "select count(*) as n, sum(v.tip) as s, avg(v.id) as a, max(v.place) as p from visits v",
        "select v.place, count(*) as n from visits v group by v.place order by v.place",
        "select v.id, w.place from visits v left join visits w on v.id = w.id + 1 order by v.id",
        "select v.id + 1 as i, v.tip * 2 as d, v.place || '!' as c, v.id / 2 as q, v.id > 1 as g from visits v order by v.id",
        "select double('NaN') as a, double('INF') as b, -0.0 as c, 9223372036854775807 as d, ':x' as e, '' as f",
        "select 1; select 'x' as b",
        "use probe",
        "",
        "declare function twice(x) { x * 2 }; select twice(1) as t",
        "explain select v.id from visits v",
        "select value from where",
        "select x from nowhere",
        "select nofunc(1)",
        "select 1/0 as z, 'a' + 1 as w",
        "drop dataset nosuch",
        SLOW);

    private static Connection connection;

    private interface Step {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("maxWarnings", "10");
        if (arguments.length == 3) {
            properties.setProperty("user", arguments[1]);
            properties.setProperty("password", arguments[2]);
        }
        try (Connection first = DriverManager.getConnection(arguments[0] + "/Default", properties);
            Statement statement = first.createStatement()) {
            statement.executeUpdate("drop dataverse probe if exists");
            statement.executeUpdate("create dataverse probe");
        }
        connection = DriverManager.getConnection(arguments[0] + "/probe", properties);
        step("make", Probe::make);
        describe(connection.getMetaData());
        for (String sql : STATEMENTS) {
            step(sql, () -> execute(sql));
        }
        step("getters", Probe::getters);
        step("prepared", Probe::prepared);
        step("cancelled", Probe::cancel);
        step("valid", () -> System.out.println(connection.isValid(5)));
        connection.close();
    }

    private static void step(String name, Step step) {
        System.out.println("== " + name);
        try {
            step.run();
        } catch (Exception error) {
            System.out.println(error.getClass().getSimpleName() + ": " + error.getMessage());
        }
    }

    private static void make() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            System.out.println(statement.executeUpdate(VISITS));
            System.out.println(statement.executeUpdate("create dataset visits(VisitType) primary key id"));
            System.out.println(statement.executeUpdate(ROWS));
            System.out.println(statement.executeUpdate("upsert into visits ({'id': 4, 'place': 'gone'})"));
            System.out.println(statement.executeUpdate("delete from visits v where v.id = 4"));
        }
    }

    private static void describe(DatabaseMetaData meta) {
        step("product", () -> System.out.println(meta.getDatabaseProductName() + " " + meta.getDatabaseProductVersion()));
        step("catalogs", () -> print(meta.getCatalogs()));
        step("schemas", () -> print(meta.getSchemas("probe", null)));
        step("tables", () -> print(meta.getTables("probe", "%", "vis%", new String[] {"TABLE", "VIEW"})));
        step("columns", () -> print(meta.getColumns("probe", null, "visits", "%")));
        step("primary keys", () -> print(meta.getPrimaryKeys("probe", null, "visits")));
        step("types", () -> print(meta.getTypeInfo()));
    }

    private static void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(5);
            if (statement.execute(sql)) {
                print(statement.getResultSet());
            } else {
                System.out.println("updated " + statement.getUpdateCount());
            }
            for (SQLWarning each = statement.getWarnings(); each != null; each = each.getNextWarning()) {
                System.out.println("warning " + each.getMessage());
            }
        }
    }

    private static void getters() throws SQLException {
        String sql = "select v.id, v.place, v.tip, v.moment, v.day, v.good from visits v order by v.id";
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                System.out.println(rows.getLong("id") + " " + rows.getInt(1) + " " + rows.getString(2));
                System.out.println(rows.getDouble("tip") + " " + rows.wasNull());
                System.out.println(rows.getTimestamp("moment") + " " + rows.wasNull());
                System.out.println(rows.getDate("day") + " " + rows.wasNull());
                System.out.println(rows.getBoolean("good") + " " + rows.wasNull());
            }
        }
    }

    private static void prepared() throws SQLException {
        String sql = "select v.id, ? as text from visits v where v.day = ? and v.moment > ? and v.place like ? and v.tip < ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            System.out.println(statement.getParameterMetaData().getParameterCount());
            System.out.println(statement.getMetaData().getColumnTypeName(1));
            statement.setString(1, "a:b \u2603");
            statement.setDate(2, Date.valueOf("2020-02-29"));
            statement.setTimestamp(3, Timestamp.valueOf("2020-01-01 00:00:00"));
            statement.setString(4, "H%");
            statement.setDouble(5, 3);
            print(statement.executeQuery());
        }
        try (PreparedStatement statement = connection.prepareStatement("upsert into visits ({'id': ?, 'place': ?})")) {
            statement.setInt(1, 5);
            statement.setNull(2, java.sql.Types.VARCHAR);
            System.out.println(statement.executeUpdate());
        }
    }

    private static void cancel() throws Exception {
        var later = Executors.newSingleThreadScheduledExecutor();
        try (Statement statement = connection.createStatement()) {
            later.schedule(() -> {
                statement.cancel();
                return null;
            }, 1, TimeUnit.SECONDS);
            print(statement.executeQuery(SLOW));
        } finally {
            later.shutdown();
            later.awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private static void print(ResultSet rows) throws SQLException {
        ResultSetMetaData meta = rows.getMetaData();
        StringJoiner head = new StringJoiner(" | ");
        for (int i = 1; i <= meta.getColumnCount(); i++) {
            head.add(meta.getColumnLabel(i) + " " + meta.getColumnTypeName(i) + " " + meta.isNullable(i));
        }
        System.out.println(head);
        while (rows.next()) {
            StringJoiner row = new StringJoiner(" | ");
            for (int i = 1; i <= meta.getColumnCount(); i++) {
                Object value = rows.getObject(i);
                row.add(value == null ? "null" : value.getClass().getSimpleName() + " " + value);
            }
            System.out.println(row);
        }
        rows.close();
    }
}
