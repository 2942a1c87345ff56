// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IERC7540} from "../interfaces/IERC7540.sol";
import {ILiquidityVault, PoolRequest} from "../interfaces/ILiquidityVault.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {PoolShares} from "./PoolShares.sol";
import {Queue, RequestQueue} from "./RequestQueue.sol";

/// @title PoolRequests
/// @notice The two queues, and how requests enter and leave them before they fall due.
abstract contract PoolRequests is PoolShares {
    using RequestQueue for Queue;
    using SafeCast for uint256;

    Queue internal _deposits;
    Queue internal _redeems;

    /// @dev What of a controller waits in both queues.
    mapping(address controller => uint256 assets) internal _pendingAssets;
    mapping(address controller => uint256 shares) internal _pendingShares;

    /// @inheritdoc IERC7540
    function requestDeposit(uint256 assets, address controller, address owner) external exclusive returns (uint256) {
        require(controller != address(0), ZeroAddress());
        _requireControl(owner);
        require(assets >= _minRequestToken, RequestTooSmall(assets, _minRequestToken));
        // 96 bits of WAD: a token of absurd supply cannot make a fulfilment overflow.
        TokenScale.toWad(assets, _scale).toUint96();

        uint256 requestNumber = _deposits.push(controller, uint128(assets));
        _pendingAssets[controller] += assets;
        emit DepositRequest(controller, owner, 0, msg.sender, assets);
        emit DepositRequested(requestNumber, controller, owner, _nextSequence(), assets);
        _pullOwed(owner, assets);
        return 0;
    }

    /// @inheritdoc IERC7540
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256) {
        require(controller != address(0), ZeroAddress());
        if (msg.sender != owner && !isOperator[owner][msg.sender]) _spendAllowance(owner, msg.sender, shares);
        // Refused while the market is locked.
        uint256 worth = convertToAssets(shares);
        require(worth >= _minRequestToken, RequestTooSmall(worth, _minRequestToken));

        uint256 requestNumber = _redeems.push(controller, shares.toUint128());
        _pendingShares[controller] += shares;
        emit RedeemRequest(controller, owner, 0, msg.sender, shares);
        emit RedeemRequested(requestNumber, controller, owner, _nextSequence(), shares);
        _transfer(owner, address(this), shares);
        return 0;
    }

    /// @inheritdoc ILiquidityVault
    function cancelDeposit(uint256 requestNumber) external exclusive returns (uint256 assets) {
        PoolRequest memory request = _deposits.get(requestNumber);
        address controller = request.controller;
        _requireCancellable(requestNumber, request, _depositDelay);

        _deposits.remove(requestNumber, request);
        assets = request.amount;
        _pendingAssets[controller] -= assets;
        emit DepositCancelled(requestNumber, controller, _nextSequence(), assets);
        _payOwed(controller, assets);
    }

    /// @inheritdoc ILiquidityVault
    function cancelRedeem(uint256 requestNumber) external exclusive returns (uint256 shares) {
        PoolRequest memory request = _redeems.get(requestNumber);
        address controller = request.controller;
        _requireCancellable(requestNumber, request, _redeemDelay);

        _redeems.remove(requestNumber, request);
        shares = request.amount;
        _pendingShares[controller] -= shares;
        emit RedeemCancelled(requestNumber, controller, _nextSequence(), shares);
        _transfer(address(this), controller, shares);
    }

    /// @inheritdoc IERC7540
    function pendingDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets) {
        return requestId == 0 ? _pendingAssets[controller] : 0;
    }

    /// @inheritdoc IERC7540
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares) {
        return requestId == 0 ? _pendingShares[controller] : 0;
    }

    /// @inheritdoc ILiquidityVault
    function depositRequest(uint256 requestNumber) external view returns (PoolRequest memory) {
        return _deposits.requests[requestNumber];
    }

    /// @inheritdoc ILiquidityVault
    function redeemRequest(uint256 requestNumber) external view returns (PoolRequest memory) {
        return _redeems.requests[requestNumber];
    }

    /// @inheritdoc ILiquidityVault
    function depositQueue() external view returns (uint256 first, uint256 newest) {
        return (_deposits.first, _deposits.newest);
    }

    /// @inheritdoc ILiquidityVault
    function redeemQueue() external view returns (uint256 first, uint256 newest) {
        return (_redeems.first, _redeems.newest);
    }

    function _requireCancellable(uint256 requestNumber, PoolRequest memory request, uint64 delay) private view {
        _requireControl(request.controller);
        uint256 dueAt = request.requestedAt + delay;
        require(block.timestamp < dueAt, CancelTooLate(requestNumber, dueAt));
    }
}
