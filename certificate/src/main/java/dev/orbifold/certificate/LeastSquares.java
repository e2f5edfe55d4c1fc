package dev.orbifold.certificate;

import dev.orbifold.engine.Jacobian;

/**
 * Solves J x = b, which has a solution, by the bidiagonalization of Golub and Kahan: LSQR (Paige and Saunders, "LSQR: An
 * Algorithm for Sparse Linear Equations and Sparse Least Squares", 1982), preconditioned from the right.
 */
final class LeastSquares {
    /** The residual, as a share of the right side, at which a consistent system is solved. */
    private static final double SOLVED = 1e-8;
    private static final int MOST = 4000;

    private final Jacobian jacobian;
    private final Preconditioner preconditioner;

    LeastSquares(Jacobian jacobian, Preconditioner preconditioner) {
        this.jacobian = jacobian;
        this.preconditioner = preconditioner;
    }

    /**
     * One solution.
     *
     * @throws CertificateException if the iteration does not converge
     */
    double[] solve(double[] b) {
        double[] x = new double[jacobian.columns()];
        double[] u = b.clone();
        double beta = Vectors.length(u);
        double begun = beta;
        if (beta == 0) {
            return x;
        }
        Vectors.scale(u, 1 / beta);
        double[] v = preconditioner.apply(jacobian.transposedTimes(u));
        double alpha = Vectors.length(v);
        Vectors.scale(v, 1 / alpha);
        double[] w = v.clone();
        double phi = beta;
        double rho = alpha;
        for (int i = 0; i < MOST; i++) {
            double[] next = jacobian.times(preconditioner.apply(v));
            Vectors.add(next, -alpha, u);
            u = next;
            beta = Vectors.length(u);
            Vectors.scale(u, 1 / beta);
            double[] back = preconditioner.apply(jacobian.transposedTimes(u));
            Vectors.add(back, -beta, v);
            v = back;
            alpha = Vectors.length(v);
            Vectors.scale(v, 1 / alpha);
            double length = Math.hypot(rho, beta);
            double c = rho / length;
            double s = beta / length;
            double theta = s * alpha;
            rho = -c * alpha;
            Vectors.add(x, c * phi / length, w);
            double[] direction = v.clone();
            Vectors.add(direction, -theta / length, w);
            w = direction;
            phi *= s;
            if (Math.abs(phi) <= SOLVED * begun) {
                return preconditioner.apply(x);
            }
        }
        throw new CertificateException("the search for null directions did not converge in " + MOST
                + " steps: some directions change the outputs by very little. Certify with more inputs, or a smaller model");
    }
}
