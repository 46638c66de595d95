package io.pairingbridge.journal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import org.springframework.jdbc.datasource.AbstractDataSource;

/** A data source that opens each connection the dialect's way, so that Flyway and the pool keep its promises too. */
final class DialectDataSource extends AbstractDataSource {
    /** How a connection is opened. */
    interface Source {
        Connection open() throws SQLException;
    }

    /** What is done with a connection before it is used. */
    interface Preparation {
        void on(Connection connection) throws SQLException;
    }

    private final Source source;

    DialectDataSource(Source source) {
        this.source = source;
    }

    /** The connection once it is prepared; closed if that fails. */
    static Connection prepared(Connection connection, Preparation preparation) throws SQLException {
        try {
            preparation.on(connection);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        return source.open();
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
        return source.open();
    }

    @Override
    public int getLoginTimeout() {
        return 5; // seconds; also how long the pool waits for its own thread when it closes
    }
}
