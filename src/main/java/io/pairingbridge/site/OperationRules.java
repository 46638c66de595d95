package io.pairingbridge.site;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanParameterInfo;
import javax.management.MBeanServer;
import org.jolokia.server.core.request.BadRequestException;
import org.jolokia.server.core.request.JolokiaExecRequest;
import org.jolokia.server.core.request.JolokiaRequest;
import org.jolokia.server.core.util.HttpMethod;
import org.jolokia.server.core.util.RequestType;

/**
 * When an operation may be called over HTTP: by POST, on one MBean, with as many arguments as it has, each of its own
 * kind. Judged by what Jolokia has made of the request, not by how it was written; Jolokia itself takes any text for a
 * boolean, and makes false of one that is none.
 */
final class OperationRules {
    private static final Set<RequestType> CHANGES =
            Set.of(RequestType.EXEC, RequestType.WRITE, RequestType.NOTIFICATION);
    private static final Map<String, List<Long>> WHOLE = Map.of(
            "byte",
            List.of((long) Byte.MIN_VALUE, (long) Byte.MAX_VALUE),
            "short",
            List.of((long) Short.MIN_VALUE, (long) Short.MAX_VALUE),
            "int",
            List.of((long) Integer.MIN_VALUE, (long) Integer.MAX_VALUE),
            "long",
            List.of(Long.MIN_VALUE, Long.MAX_VALUE));

    private OperationRules() {}

    /** The whole of the message by which a request is refused for its method. */
    static final String BY_GET = "What changes something must be a POST";

    static void requirePost(JolokiaRequest request) {
        if (CHANGES.contains(request.getType()) && request.getHttpMethod() != HttpMethod.POST) {
            throw new SecurityException(BY_GET);
        }
    }

    /**
     * @throws BadRequestException saying which argument is not what the operation wants; never with its value, which
     *     may be a password
     */
    static void requireItsArguments(JolokiaExecRequest request, MBeanServer server)
            throws BadRequestException, JMException {
        if (request.getObjectName().isPattern()) {
            throw new BadRequestException("An operation is called on one MBean, and not on all that match a pattern");
        }
        String called = request.getOperation();
        int bracket = called.indexOf('(');
        String name = bracket < 0 ? called : called.substring(0, bracket);
        List<MBeanOperationInfo> operations;
        try {
            operations = Arrays.stream(
                            server.getMBeanInfo(request.getObjectName()).getOperations())
                    .filter(operation -> operation.getName().equals(name))
                    .toList();
        } catch (InstanceNotFoundException e) {
            return; // whoever looks for it next says so
        }
        if (bracket >= 0) {
            String signature = called.substring(bracket).replace(" ", "");
            operations = operations.stream()
                    .filter(operation -> signature(operation).equals(signature))
                    .toList();
        }
        if (operations.size() != 1) {
            // None, or several without a signature: Jolokia refuses both, and says which there are.
            return;
        }
        List<?> arguments = request.getArguments() == null ? List.of() : request.getArguments();
        MBeanParameterInfo[] parameters = operations.get(0).getSignature();
        if (arguments.size() != parameters.length) {
            throw new BadRequestException("Operation " + name + " has " + parameters.length + " arguments, and "
                    + arguments.size() + " were given");
        }
        for (int i = 0; i < parameters.length; i++) {
            String wanted = wanted(parameters[i].getType(), arguments.get(i));
            if (wanted != null) {
                throw new BadRequestException("Argument " + (i + 1) + " (" + parameters[i].getName() + ") of operation "
                        + name + " must be " + wanted);
            }
        }
    }

    private static String signature(MBeanOperationInfo operation) {
        return Stream.of(operation.getSignature())
                .map(MBeanParameterInfo::getType)
                .collect(Collectors.joining(",", "(", ")"));
    }

    /** What the argument must be; null if it is. */
    private static String wanted(String type, Object argument) {
        return switch (type) {
            case "boolean" -> argument instanceof Boolean ? null : "true or false, without quotation marks";
            case "java.lang.Boolean" ->
                argument == null || argument instanceof Boolean ? null : "true, false or null, without quotation marks";
            case "byte", "short", "int", "long" -> whole(type, argument);
            case "java.lang.Byte", "java.lang.Short", "java.lang.Long" ->
                argument == null
                        ? null
                        : whole(type.substring("java.lang.".length()).toLowerCase(Locale.ROOT), argument);
            case "java.lang.Integer" -> argument == null ? null : whole("int", argument);
            case "float", "double" -> number(argument);
            case "java.lang.Float", "java.lang.Double" -> argument == null ? null : number(argument);
            case "java.lang.String" ->
                argument == null || argument instanceof String ? null : "a text, in quotation marks";
            default -> null;
        };
    }

    private static String number(Object argument) {
        return argument instanceof Number number && Double.isFinite(number.doubleValue())
                ? null
                : "a number, without quotation marks";
    }

    private static String whole(String type, Object argument) {
        List<Long> range = WHOLE.get(type);
        boolean whole = argument instanceof Long
                || argument instanceof Integer
                || argument instanceof Short
                || argument instanceof Byte
                || argument instanceof BigInteger;
        if (whole) {
            BigDecimal value = new BigDecimal(argument.toString());
            if (value.compareTo(BigDecimal.valueOf(range.get(0))) >= 0
                    && value.compareTo(BigDecimal.valueOf(range.get(1))) <= 0) {
                return null;
            }
        }
        return "a whole number from " + range.get(0) + " to " + range.get(1) + ", without quotation marks";
    }
}
