// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title ContractWallet
/// @notice An account that is a contract: it does what its signer says, and answers for its signatures by ERC-1271.
contract ContractWallet is IERC1271 {
    using Address for address;

    /// @notice Who decides.
    address public immutable signer;

    /// @notice Thrown when somebody else wants to decide.
    error NotSigner(address caller);

    constructor(address signer_) {
        signer = signer_;
    }

    /// @notice Calls any contract in the wallet's name.
    /// @param target Which.
    /// @param payload With what.
    /// @return What it returned.
    function perform(address target, bytes calldata payload) external returns (bytes memory) {
        require(msg.sender == signer, NotSigner(msg.sender));
        return target.functionCall(payload);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(hash, signature);
        bool valid = failure == ECDSA.RecoverError.NoError && recovered == signer;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
