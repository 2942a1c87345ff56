// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @title ForgetfulVerifier
/// @notice A verifier proxy that verifies nothing and speaks of another report than the one it was shown.
contract ForgetfulVerifier {
    /// @notice No fees.
    address public constant s_feeManager = address(0); // solhint-disable-line const-name-snakecase

    /// @notice Returns nothing of what it was shown.
    function verify(bytes calldata, bytes calldata) external payable returns (bytes memory verifierResponse) {
        return verifierResponse;
    }
}
