package io.pairingbridge.operate;

import java.lang.reflect.Method;
import java.util.Arrays;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanParameterInfo;
import javax.management.StandardMBean;

/** An MXBean whose attributes and operations carry the {@link Description}s and parameter names of its interface. */
final class DescribedMBean extends StandardMBean {
    private final Class<?> shape;

    <T> DescribedMBean(T bean, Class<T> shape) {
        super(bean, shape, true);
        this.shape = shape;
    }

    @Override
    protected String getDescription(MBeanInfo info) {
        return shape.getAnnotation(Description.class).value();
    }

    @Override
    protected String getDescription(MBeanAttributeInfo info) {
        return sentence((info.isIs() ? "is" : "get") + info.getName());
    }

    @Override
    protected String getDescription(MBeanOperationInfo info) {
        return sentence(info.getName());
    }

    @Override
    protected String getParameterName(MBeanOperationInfo operation, MBeanParameterInfo parameter, int sequence) {
        return method(operation.getName()).getParameters()[sequence].getName(); // compiled with -parameters
    }

    @Override
    protected int getImpact(MBeanOperationInfo info) {
        return method(info.getName()).isAnnotationPresent(ReadOnly.class)
                ? MBeanOperationInfo.INFO
                : MBeanOperationInfo.ACTION;
    }

    private String sentence(String method) {
        return method(method).getAnnotation(Description.class).value();
    }

    /** No two methods of the interface share a name. */
    private Method method(String name) {
        return Arrays.stream(shape.getMethods())
                .filter(method -> method.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
